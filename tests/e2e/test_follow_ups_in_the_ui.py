"""The list of follow-ups in both of Prefect's UIs on a small screen: it is seen whole, and empty when all is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from prefect.client.orchestration import get_client
from sqlalchemy import insert

from deployments.demo.steps import artifacts_of
from flows.daily_digest import daily_digest
from tasks.ledger.engine import open_ledger
from tasks.ledger.follow_ups import AskedQuestion, record_questions
from tasks.ledger.schema import outcomes
from tasks.ledger.threads import ThreadedMail, record_threads
from tasks.parsing.conversation import Conversation
from tests.e2e.resume_form import UIS
from tests.e2e.test_approval_in_the_ui import keep_picture
from tests.made_rows import outcome_row

NOW = datetime.now(UTC)
QUESTION = "Could you please tell us by when the contract of the second warehouse will be signed on your side?"
DUE = "Send the corrected invoice for the second delivery to Maria Lindqvist"


@pytest.fixture
def ledger(prefect_server, ledger_url, monkeypatch):
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    return open_ledger(ledger_url)


def write(ledger, name, *refers_to, days_ago, from_us):
    at = (NOW - timedelta(days=days_ago)).timestamp()
    marks = Conversation(own_id=name, refers_to=refers_to)
    record_threads(ledger, [ThreadedMail(mail=name, marks=marks, written_at=at, from_us=from_us)])
    return at


def fill(ledger):
    for number in (1, 2):
        at = write(ledger, f"ask{number}", days_ago=6 + number, from_us=True)
        whom = f"contracts.department.{number}@long-name-of-a-company.example"
        record_questions(
            ledger,
            [AskedQuestion(mail=f"ask{number}", at=at, whom=whom, subject=f"Contract {number}", question=QUESTION)],
        )
    at = write(ledger, "due", days_ago=2, from_us=False)
    item = {"text": DUE, "owner": "Desk", "due": NOW.date().isoformat(), "quote": "", "quote_found": True}
    row = outcome_row(message_key="due", subject="The second delivery | corrected", action_items=[item])
    with ledger.begin() as connection:
        connection.execute(
            insert(outcomes).values(run_id="r", message_key="due", status="COMPLETED", processed_at=at, row=row)
        )


def look(page, prefect_server, ui, name, *texts):
    """Open the newest follow-ups' page, and see these texts on it."""
    state = daily_digest(day=NOW.date(), return_state=True)
    with get_client(sync_client=True) as client:
        artifacts = artifacts_of(client, str(state.state_details.flow_run_id))
    (found,) = [one["id"] for one in artifacts if one["key"] == "mailroom-follow-ups"]
    base = prefect_server.removesuffix("/api") + ("" if ui == "v1" else "/v2")
    page.goto(f"{base}/artifacts/artifact/{found}")
    for text in texts:
        expect(page.get_by_text(text).locator("visible=true").first).to_be_visible()
    keep_picture(page, name)


@pytest.mark.parametrize("ui", UIS)
def test_what_is_open_is_seen_whole_and_gone_when_answered(ledger, page, prefect_server, ui):
    page.set_viewport_size({"width": 1366, "height": 768})
    fill(ledger)

    texts = QUESTION, DUE, "Contract 1", "Contract 2", "contracts.department.1@long-name", "The second delivery"
    look(page, prefect_server, ui, f"follow-ups-{ui}", *texts)
    for one in page.locator("li", has_text=QUESTION).all():
        box, cut = one.bounding_box(), one.evaluate("one => one.scrollWidth - one.clientWidth")
        assert box is not None
        assert (box["x"] + box["width"] <= 1366, cut <= 1) == (True, True), "nothing is cut off at the side"

    for number in (1, 2):
        write(ledger, f"answer{number}", f"ask{number}", days_ago=1, from_us=False)
    write(ledger, "done", "due", days_ago=1, from_us=True)
    look(page, prefect_server, ui, f"follow-ups-done-{ui}", "Nothing is open.")
