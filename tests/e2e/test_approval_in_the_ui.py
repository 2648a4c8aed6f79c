"""A person's way through Prefect's own UI, in a real browser: the paused run, its form, and what comes of it."""

import pytest
from sqlalchemy import select

from flows.approve_replies import approve_replies
from tasks.ledger.schema import approvals
from tests.flows.paused import PausedRun
from tests.tasks.act.office import Office, files_in


@pytest.fixture
def office(prefect_server, ledger_url, monkeypatch):
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    monkeypatch.setattr("flows.approve_replies.POLL_S", 0.2)
    office = Office(ledger_url)
    office.receive()
    office.act(*({"action": "draft_reply", "suggestion": number, "hold": True} for number in (1, 2, 3)))
    return office


def test_a_person_edits_one_reply_approves_one_and_rejects_one(office, page, prefect_server, tmp_path):
    run = PausedRun(approve_replies)
    paused = run.wait()

    page.goto(f"{prefect_server.removesuffix('/api')}/runs/flow-run/{paused.id}")
    page.get_by_role("button", name="Resume").first.click()
    form = page.locator(".p-modal")
    form.get_by_text("The mail it answers:").first.wait_for()
    assert form.locator("code", has_text="Die Anmeldung schlägt fehl.").count() == 3
    texts = form.locator("textarea")
    texts.nth(0).fill("Ann Operator")
    texts.nth(1).fill("My own words.")
    for number, decision in enumerate(("edit", "approve", "reject")):
        form.locator(".p-select-button__control").nth(number).press("ArrowDown")
        page.locator(".p-select-option").get_by_text(decision, exact=True).click()
    form.get_by_role("button", name="Submit").click()

    assert run.end().message == "1 approved, 1 edited, 2 now done, 1 rejected."
    drafts = b"".join(files_in(tmp_path / ".mailroom" / "drafts")).decode()
    assert drafts.count("Subject: Re: Login fails") == 2
    assert ("My own words." in drafts, "Zweite" in drafts, "Dritte" in drafts) == (True, True, False)
    assert "Wir sehen es uns an" not in drafts
    with office.engine.begin() as connection:
        assert set(connection.scalars(select(approvals.c.person))) == {"Ann Operator"}
