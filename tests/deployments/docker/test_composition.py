"""The processes of compose.yaml on real PostgreSQL and Redis: mail from every way in gets outcomes.

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
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import URL, make_url
from standardwebhooks.webhooks import Webhook

from deployments.demo.steps import ROOT
from tasks.ledger.schema import completions, messages, outcomes
from tests.benchmarks.made_mails import write_mbox
from tests.conftest import RunningSimulator, running_simulator
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
def slow_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """Slow enough that a run can be met at its work."""
    with running_simulator(tmp_path_factory.mktemp("simulator"), "--latency-ms", "100") as simulator:
        yield simulator


@pytest.fixture(scope="module")
def composed(databases, tmp_path_factory, slow_simulator) -> Iterator[Composition]:
    """All of it running, two API servers, the worker on the second."""
    simulator = slow_simulator.environment
    one = Composition(
        folder=tmp_path_factory.mktemp("compose"),
        databases={
            name: url.render_as_string(hide_password=False).partition("://")[2] for name, url in databases.items()
        },
        variables={name: value for name, value in simulator.items() if name.endswith("_BASE_URL")}
        | {"MAILROOM_CONCURRENCY": "10"},
    )
    (one.secrets / "openai_api_key").write_text(simulator["OPENAI_API_KEY"])
    try:
        one.up(["prefect-services", "deploy"])
        one.start("second-server", "prefect-server")
        one.wait_healthy("second-server", "prefect-server")
        with bound_to_the_second(one):
            one.up(["worker", "receiver", "watch", "metrics"])
        for name in ("worker", "receiver", "metrics"):
            one.wait_healthy(name)
        yield one
    finally:
        one.down()


@contextmanager
def bound_to_the_second(composed: Composition) -> Iterator[None]:
    """What is started meanwhile asks the second API server, so that its work goes on when the first is killed."""
    ports = composed.ports
    first, ports["prefect-server"] = ports["prefect-server"], ports["second-server"]
    yield
    ports["prefect-server"] = first


@pytest.fixture
def ledger(databases) -> Iterator[Engine]:
    """The ledger in PostgreSQL."""
    engine = create_engine(databases["workflow_db"])
    yield engine
    engine.dispose()


@pytest.fixture
def completed(ledger) -> Callable[[], int]:
    """How many mails the ledger has as completed."""

    def count() -> int:
        with ledger.connect() as connection:
            if not connection.dialect.has_table(connection, "outcomes"):
                return 0
            done = select(func.count(outcomes.c.message_key.distinct())).where(outcomes.c.status == "COMPLETED")
            return connection.scalar(done) or 0

    return count


def at_work(ledger: Engine) -> list[str]:
    """The owners of mails that are being worked on, one entry a mail."""
    with ledger.connect() as connection:
        return list(connection.scalars(select(messages.c.owner).where(messages.c.state == "PROCESSING")))


def wait_until(holds: Callable[[], Any], composed: Composition) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "\n".join(composed.log(name) for name in ("worker", "prefect-services"))
        time.sleep(0.5)


def begin(composed: Composition, server: str, deployment: str, **parameters: Any) -> UUID:
    """Ask for a run at this API server."""

    async def ask() -> UUID:
        async with client_of(composed, server) as client:
            found = await client.read_deployment_by_name(deployment)
            return (await client.create_flow_run_from_deployment(found.id, parameters=parameters)).id

    return asyncio.run(ask())


def end_of(composed: Composition, server: str, run_id: UUID) -> str:
    """How the run ended."""

    async def look() -> str:
        async with client_of(composed, server) as client:
            for _ in range(int(_PATIENCE_S)):
                state = (await client.read_flow_run(run_id)).state
                if state and state.is_final():
                    return f"{state.type.value}: {state.message}"
                await asyncio.sleep(1)
        return f"not ended\n{composed.log('worker')}"

    return asyncio.run(look())


def client_of(composed: Composition, server: str) -> PrefectClient:
    return PrefectClient(f"{composed.url(server)}/api", auth_string=composed.secret("prefect_auth"))


def run(composed: Composition, server: str, deployment: str, **parameters: Any) -> str:
    """How a run that was asked for at this API server ended."""
    return end_of(composed, server, begin(composed, server, deployment, **parameters))


def mail(number: int) -> bytes:
    return (
        f"From: Ann <ann@example.com>\r\nTo: us@example.com\r\nSubject: Printer {number} is broken\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\nPlease send someone to repair printer {number} by Friday.\r\n"
    ).encode()


def test_a_run_asked_for_at_one_server_is_done_and_on_record_in_postgresql(composed, completed):
    ended = run(composed, "prefect-server", "process-mail/process-mail-on-demand", source=str(_SAMPLE))
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


def test_a_worker_told_to_end_amid_a_run_gives_back_its_mails_and_pays_nothing_twice(composed, completed, ledger):
    before, source = completed(), composed.folder / "many.mbox"
    write_mbox(source, 400, 1)
    begin(composed, "prefect-server", "process-mail/process-mail-on-demand", source=str(source))
    wait_until(lambda: len(at_work(ledger)) == 400, composed)
    worker = composed.running.pop("worker")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert at_work(ledger) == [], "mails would wait for the end of a lease"
    with bound_to_the_second(composed):
        composed.start("worker")
    composed.wait_healthy("worker")
    ended = run(composed, "prefect-server", "process-mail/process-mail-on-demand", source=str(source))
    assert ended.startswith("COMPLETED"), ended
    assert completed() == before + 400
    with ledger.connect() as connection:
        done = select(outcomes.c.message_key).where(outcomes.c.status == "COMPLETED")
        assert len(connection.scalars(done).all()) == completed(), "a mail was completed twice"
        answers = connection.scalars(select(completions.c.key).where(completions.c.state == "done")).all()
        assert len(answers) == len(set(answers)), "an answer was paid for twice"


def test_a_big_source_is_shared_by_runs_of_the_pool(composed, completed):
    before, source = completed(), composed.folder / "big.mbox"
    write_mbox(source, 300, 2)
    ended = run(composed, "prefect-server", "process-large/process-large", source=str(source), workers=3)
    assert ended.startswith("COMPLETED: 300 mails in 3 runs"), ended
    assert completed() == before + 300


def test_the_other_api_server_carries_on_when_one_is_killed(composed, completed):
    before = completed()
    composed.running.pop("prefect-server").send_signal(signal.SIGKILL)
    source = composed.folder / "more"
    source.mkdir()
    (source / "three.eml").write_bytes(mail(3))
    ended = run(composed, "second-server", "process-mail/process-mail-on-demand", source=str(source))
    assert ended.startswith("COMPLETED"), ended
    assert completed() == before + 1


def test_all_processes_end_when_told(composed):
    codes = composed.down()
    assert {name: code for name, code in codes.items() if code not in (0, -signal.SIGTERM, 143)} == {}
