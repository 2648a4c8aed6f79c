"""compose.yaml as it is, on a Docker engine, used as an operator uses it; by `make test-compose-real`, half an hour.

The cases run in the order they are written, over one stack: an older version that is upgraded, then a day's work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from tests.deployments.docker.engine.older import older_image
from tests.deployments.docker.engine.stack import Stack, wait_until
from tests.deployments.grafana.test_dashboard import QUERIES
from tests.e2e.operator_ui import Operator

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("engine")]
ON_DEMAND = "process-mail/process-mail-on-demand"
SAMPLES = "/app/deployments/demo/sample_mailbox"


@pytest.fixture(scope="module")
def stack(engine_with_services, tmp_path_factory) -> Iterator[Stack]:
    """All of it up: first with the code before the newest change of the ledger, with one mail, and then upgraded."""
    folder = tmp_path_factory.mktemp("compose")
    one = Stack(engine_with_services, folder)
    try:
        with older_image(engine_with_services, tmp_path_factory.mktemp("older")):
            one.up()
            one.post_mail(mail(0))
            wait_until(lambda: one.completed() == 1, one.state)
            one.revision_before = one.revision()
        one.up()
        wait_until(lambda: one.revision() != one.revision_before, one.state)
        yield one
    finally:
        one.down("--volumes")


@pytest.fixture
def operator(stack, page) -> Iterator[Operator]:
    """A person who has logged in to the UI that the container serves."""
    settings = {PREFECT_API_URL: f"{stack.ui_url}/api", PREFECT_API_AUTH_STRING: stack.secret("prefect_auth")}
    log_in(stack, page)
    with temporary_settings(settings):
        yield Operator(page, f"{stack.ui_url}/api")


def log_in(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.ui_url}/deployments")
    page.wait_for_url("**/login?**")
    page.locator("input[type=password]").fill(stack.secret("prefect_auth"))
    page.get_by_role("button", name="Login").click()
    page.wait_for_url("**/deployments")
    # What the pages were refused before the word was given.
    page.told.errors.clear()  # type: ignore[attr-defined]  # by tests/services/browser.py


def keep_picture(page: Page, name: str) -> None:
    """For people to look at, where MAILROOM_TEST_SCREENSHOTS names a folder."""
    if folder := os.environ.get("MAILROOM_TEST_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


def mail(number: int) -> bytes:
    return (
        f"From: Ann <ann@example.com>\r\nTo: us@example.com\r\nSubject: Printer {number} is broken\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\nPlease send someone to repair printer {number} by Friday.\r\n"
    ).encode()


def test_after_an_upgrade_mails_of_before_are_known_and_new_ones_processed(stack):
    paid = stack.sql("SELECT count(*) FROM completions")[0]
    assert stack.post_mail(mail(0)) == 202
    wait_until(lambda: stack.sql("SELECT count(*) FROM deliveries")[0] == "2", stack.state)
    wait_until(lambda: not stack.inbox(), stack.state)
    assert stack.completed() == 1
    assert stack.sql("SELECT count(*) FROM completions")[0] == paid, "a mail of before was paid for again"
    assert stack.post_mail(mail(1)) == 202
    wait_until(lambda: stack.completed() == 2, stack.state)


PAGES = {
    "deployments": "process-mail-hourly", "runs": "inbox", "blocks": "Blocks", "variables": "mailroom-rules",
    "work-pools": "mailroom", "v2/runs": "inbox", "v2/deployments": "process-mail-hourly",
}  # fmt: skip
"""Of each page's address, a word that it shows when it has found what the server has."""


@pytest.mark.parametrize("path", PAGES)
def test_each_page_of_the_ui_opens_by_its_address(stack, operator, path):
    page = operator.page
    page.goto(f"{stack.ui_url}/{path}")
    page.get_by_text(PAGES[path]).first.wait_for()
    page.wait_for_load_state("networkidle")
    assert "login" not in page.url
    keep_picture(page, f"container-{path.replace('/', '-')}")
    # The newer UI would ask a host of analytics; its own policy refuses that, and the browser says so.
    assert [line for line in operator.complaints() if "Content Security Policy" not in line] == []


def test_a_run_is_started_from_the_form(stack, operator):
    before = stack.completed()
    run = operator.start(ON_DEMAND, {"source": SAMPLES})
    operator.open_run(run)
    state = operator.wait(run)
    assert (state.name, state.message[:8]) == ("Completed", "30 mails"), state.message
    keep_picture(operator.page, "container-run")
    assert f": {stack.completed() - before} completed" in state.message


def test_a_mail_that_is_dropped_and_one_that_is_uploaded_come_out(stack, page, tmp_path):
    before = stack.completed()
    (stack.here / "drop" / "dropped.eml").write_bytes(mail(2))
    (tmp_path / "uploaded.eml").write_bytes(mail(3))
    page.goto(f"{stack.receiver_url}/upload")
    page.locator("input[type=password]").fill(stack.secret("mailroom_receiver_upload_token"))
    page.locator("input[type=file]").set_input_files(tmp_path / "uploaded.eml")
    keep_picture(page, "container-upload")
    wait_until(lambda: stack.completed() == before + 2, stack.state)


def test_a_held_reply_is_approved_in_the_ui(stack, operator):
    run = operator.start("approve-replies/approve-replies-mornings", {})
    operator.open_run(run)
    state = operator.wait(run, paused=True)
    assert state.is_paused(), state.message
    keep_picture(operator.page, "container-approval")
    operator.answer(run, {0: "approve"})
    while (state := operator.wait(run, paused=True)).is_paused():
        operator.answer(run, {})
    assert state.name == "Completed", state.message
    assert "1 approved" in state.message


def test_the_dashboards_queries_are_answered(stack):
    stack.compose("--profile", "monitoring", "up", "--detach", "--no-build", "metrics", "prometheus")
    done = 'sum(emails_processed_total{status="completed"})'
    wait_until(lambda: float(told[0]["value"][1]) > 20 if (told := stack.ask_prometheus(done)) else False, stack.state)
    for query in QUERIES.values():
        stack.ask_prometheus(query.replace("$__rate_interval", "1m").replace("$__range", "5m"))


def test_whoever_can_tell_its_health_is_healthy(stack):
    told = {one: stack.health(one) for one in stack.compose("--profile", "monitoring", "ps", "--quiet").split()}
    wait_until(lambda: {stack.health(one) for one in told} == {"healthy", ""}, stack.state)
    # The watcher cannot: it listens nowhere, and asks nobody.
    assert list(told.values()).count("") == 1


def test_three_workers_share_the_runs(stack, operator):
    stack.up("--scale", "worker=3")
    wanted: dict[str, Any] = {"source": SAMPLES, "again": True}
    runs: list[UUID] = []

    def took_some() -> int:
        logs = [stack.log(one) for one in stack.containers("worker")]
        return sum(any(str(run) in log for run in runs) for log in logs)

    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(ON_DEMAND).id
        # One after the other: who asks first may take all that wait.
        while took_some() < 2:
            assert len(runs) < 20, "one worker did it all"
            runs.append(client.create_flow_run_from_deployment(deployment, parameters=wanted).id)
            time.sleep(2)
        ended = lambda: all(client.read_flow_run(run).state.is_final() for run in runs)  # noqa: E731
        wait_until(ended, stack.state)
        assert {client.read_flow_run(run).state.name for run in runs} == {"Completed"}


def test_nothing_is_lost_when_it_is_taken_down_and_up_again(stack):
    counts = [("SELECT count(*) FROM outcomes", "workflow_db"), ("SELECT count(*) FROM completions", "workflow_db"),
              ("SELECT count(*) FROM effects", "workflow_db"), ("SELECT count(*) FROM flow_run", "prefect"),
              ("SELECT count(*) FROM deployment", "prefect")]  # fmt: skip
    before = [int(stack.sql(*one)[0]) for one in counts]
    stack.down()
    stack.up()
    after = [int(stack.sql(*one)[0]) for one in counts]
    assert all(now >= then for now, then in zip(after, before, strict=True)), (before, after)
    assert after[:3] == before[:3]
    assert stack.post_mail(mail(4)) == 202
    wait_until(lambda: stack.sql("SELECT count(*) FROM outcomes")[0] != str(before[0]), stack.state)
