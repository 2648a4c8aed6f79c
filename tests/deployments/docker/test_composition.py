"""The processes of compose.yaml on real PostgreSQL and Redis: mail goes in on all ways and comes out as outcomes.

Run by `make test-compose`; takes a few minutes, most of it Prefect's tables and starts of processes.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import URL, make_url
from standardwebhooks.webhooks import Webhook

from deployments.demo.steps import ROOT
from tasks.ledger.schema import outcomes
from tests.deployments.docker.composition import Composition

_POSTGRES = os.environ.get("MAILROOM_TEST_POSTGRES_URL", "")
_SAMPLE = ROOT / "deployments" / "demo" / "sample_mailbox"
_PATIENCE_S = 120.0

pytestmark = [
    pytest.mark.soak,
    pytest.mark.xdist_group("compose"),
    pytest.mark.skipif(not _POSTGRES, reason="MAILROOM_TEST_POSTGRES_URL names no PostgreSQL"),
    pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed"),
]


@pytest.fixture(scope="module")
def databases() -> Iterator[dict[str, URL]]:
    """The two databases of compose.yaml under names of their own."""
    mark = secrets.token_hex(6)
    server = create_engine(_POSTGRES, isolation_level="AUTOCOMMIT")
    made = {name: make_url(_POSTGRES).set(database=f"{name}_{mark}") for name in ("workflow_db", "prefect")}
    with server.connect() as connection:
        for url in made.values():
            connection.execute(text(f"CREATE DATABASE {url.database}"))
    yield made
    with server.connect() as connection:
        for url in made.values():
            connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="module")
def composed(databases, tmp_path_factory, _simulator_process) -> Iterator[Composition]:
    """All of it running, two API servers, the worker on the second."""
    simulator = _simulator_process.environment
    one = Composition(
        folder=tmp_path_factory.mktemp("compose"),
        databases={
            name: url.render_as_string(hide_password=False).partition("://")[2] for name, url in databases.items()
        },
        variables={name: value for name, value in simulator.items() if name.endswith("_BASE_URL")},
    )
    (one.secrets / "openai_api_key").write_text(simulator["OPENAI_API_KEY"])
    try:
        one.up(["prefect-services", "deploy"])
        one.start("second-server", "prefect-server")
        one.wait_healthy("second-server", "prefect-server")
        # They are bound to the second, so that work goes on when the first is killed.
        first, one.ports["prefect-server"] = one.ports["prefect-server"], one.ports["second-server"]
        one.up(["worker", "receiver", "watch", "metrics"])
        one.ports["prefect-server"] = first
        for name in ("worker", "receiver", "metrics"):
            one.wait_healthy(name)
        yield one
    finally:
        one.down()


@pytest.fixture
def completed(databases) -> Iterator[Callable[[], int]]:
    """How many mails the ledger in PostgreSQL has as completed."""
    engine = create_engine(databases["workflow_db"])

    def count() -> int:
        with engine.connect() as connection:
            if not connection.dialect.has_table(connection, "outcomes"):
                return 0
            done = select(func.count(outcomes.c.message_key.distinct())).where(outcomes.c.status == "COMPLETED")
            return connection.scalar(done) or 0

    yield count
    engine.dispose()


def wait_until(holds: Callable[[], Any], composed: Composition) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "\n".join(composed.log(name) for name in ("worker", "prefect-services"))
        time.sleep(0.5)


def run(composed: Composition, server: str, deployment: str, **parameters: Any) -> str:
    """How a run that was asked for at this API server ended."""

    async def ask() -> str:
        from prefect.client.orchestration import PrefectClient

        async with PrefectClient(f"{composed.url(server)}/api", auth_string=composed.secret("prefect_auth")) as client:
            found = await client.read_deployment_by_name(deployment)
            asked = await client.create_flow_run_from_deployment(found.id, parameters=parameters)
            for _ in range(int(_PATIENCE_S)):
                state = (await client.read_flow_run(asked.id)).state
                if state and state.is_final():
                    return f"{state.type.value}: {state.message}"
                await asyncio.sleep(1)
        return f"not ended\n{composed.log('worker')}"

    return asyncio.run(ask())


def mail(number: int) -> bytes:
    return (
        f"From: Ann <ann@example.com>\r\nTo: us@example.com\r\nSubject: Printer {number} is broken\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\nPlease send someone to repair printer {number} by Friday.\r\n"
    ).encode()


def test_a_run_asked_for_at_one_server_is_done_and_on_record_in_postgresql(composed, completed):
    ended = run(composed, "prefect-server", "process-mail/on-demand", source=str(_SAMPLE))
    assert ended.startswith("COMPLETED"), ended
    assert completed() >= 20


def test_prefect_wants_its_password(composed):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{composed.url('prefect-server')}/api/admin/version")


def test_a_mail_posted_to_the_receiver_comes_out(composed, completed):
    before = completed()
    now, body = datetime.now(UTC), mail(1)
    signature = Webhook(composed.secret("mailroom_receiver_webhook_secret")).sign("one", now, body.decode())
    headers = {"webhook-id": "one", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature,
               "content-type": "message/rfc822"}  # fmt: skip
    request = urllib.request.Request(f"{composed.url('receiver')}/webhooks/mail", body, headers)
    with urllib.request.urlopen(request) as reply:
        assert 200 <= reply.status < 300
    wait_until(lambda: completed() > before, composed)


def test_a_file_dropped_into_the_watched_folder_comes_out(composed, completed):
    before = completed()
    (composed.folder / "drop" / "two.eml").write_bytes(mail(2))
    wait_until(lambda: completed() > before, composed)


def test_metrics_tell_what_the_ledger_has(composed, completed):
    with urllib.request.urlopen(f"{composed.url('metrics')}/metrics") as reply:
        told = reply.read().decode()
    found = [line for line in told.splitlines() if line.startswith('emails_processed_total{status="completed"}')]
    assert float(found[0].rpartition(" ")[2]) >= completed() > 0


def test_the_other_api_server_carries_on_when_one_is_killed(composed, completed):
    before = completed()
    composed.running.pop("prefect-server").send_signal(signal.SIGKILL)
    source = composed.folder / "more"
    source.mkdir()
    (source / "three.eml").write_bytes(mail(3))
    ended = run(composed, "second-server", "process-mail/on-demand", source=str(source))
    assert ended.startswith("COMPLETED"), ended
    assert completed() == before + 1


def test_all_processes_end_when_told(composed):
    codes = composed.down()
    assert {name: code for name, code in codes.items() if code not in (0, -signal.SIGTERM, 143)} == {}
