"""Exactly what a person approves is done, whatever happened between display and approval."""

import httpx
import pytest
from sqlalchemy import select, update

from flows.approve_replies import approve_replies
from tasks.ledger import effects
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.plans import Plan, record_plan
from tasks.ledger.schema import approvals, raws
from tests.flows.paused import PausedRun
from tests.tasks.act.office import RAW, Office, files_in

DRAFT = {"action": "draft_reply", "hold": True}


@pytest.fixture
def office(prefect_server, ledger_url, monkeypatch):
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    monkeypatch.setattr("flows.run.questions.POLL_S", 0.2)
    monkeypatch.setenv("MAILROOM_REPLY_FROM", "desk@us.example")
    office = Office(ledger_url)
    office.receive()
    return office


def more_held(office, number):
    """Other held drafts, of other mails."""
    (first,) = office.effects()
    for n in range(number):
        record_seen(
            office.engine, [Seen(message_key=f"x{n}", source="/folder", place=f"{n}", source_id=f"{n}", raw=RAW)]
        )
        plan = Plan(
            message_key=f"x{n}", position=0, action="draft_reply", parameters={"suggestion": 1}, rule="test",
            target=f"p{n}@company.example", state="held",
            content={**first.content, "to": f"p{n}@company.example", "text": f"Reply {n}"},
        )  # fmt: skip
        record_plan(office.engine, "run", [plan])


def test_approve_edit_and_reject_do_exactly_that_and_say_who_and_when(office, tmp_path):
    office.act(DRAFT)
    more_held(office, 3)
    run = PausedRun(approve_replies, most=10)
    paused = run.wait()
    first, *_ = run.entries(paused)

    assert first.title == "1 of 4: Draft a reply to ann@company.example"
    assert "To:      ann@company.example\n" in first.shows()
    assert "  Die Anmeldung schlägt fehl." in first.shows("mail")
    assert first.shows("text") == "Wir sehen es uns an – danke."
    edit = {"decision": "edit", "text": "My own words\r\nin two lines"}
    run.decide(paused, {"decision": "approve"}, edit, {"decision": "reject"}, {"decision": "wait"})

    message = run.end().message
    assert message.startswith("1 approved, 1 edited, 2 now done, 1 rejected, 1 waits. ")
    folder = tmp_path / ".mailroom" / "drafts"
    assert (
        f"Draft a reply to ann@company.example, “Re: Login fails”: draft written to `{folder.relative_to(tmp_path)}/"
        in message
    )
    drafts = b"".join(files_in(folder)).decode()
    assert drafts.count("Subject: Re: Login fails") == 2
    assert "My own words" in drafts
    assert "Reply 1" not in drafts
    assert "Reply 2" not in drafts
    with office.engine.begin() as connection:
        rows = connection.execute(select(approvals).order_by(approvals.c.number)).all()
    assert [(row.verdict, row.person, row.flow_run_id) for row in rows] == [
        (verdict, "Ann Operator", str(paused.id)) for verdict in ("approved", "edited", "rejected")
    ]
    assert all(row.at > 0 for row in rows)


def test_an_answer_without_a_name_or_with_another_choice_is_not_taken_and_one_left_untouched_decides_nothing(office):
    office.act(DRAFT)
    run = PausedRun(approve_replies)
    paused = run.wait()

    assert run.decide(paused, person="") == "REJECT"
    assert run.decide(paused, {"decision": "send it all"}) == "REJECT"
    assert run.decide(paused) == "ACCEPT"
    state = run.end()
    assert (state.name, state.message) == (
        "NothingDecided", "Nothing was decided; what was held is still held (1 waits.).",
    )  # fmt: skip
    assert office.effects()[0].state == "held"


def test_fetching_an_address_approves_nothing(office, prefect_server):
    office.act(DRAFT)
    run = PausedRun(approve_replies)
    paused = run.wait()
    fetched = httpx.get(f"{prefect_server}/flow_runs/{paused.id}/resume", params={"run_input": "approve"})
    run.decide(paused)

    assert fetched.status_code == 405
    assert run.end().name == "NothingDecided"


def test_silence_means_no(office):
    office.act(DRAFT)
    state = PausedRun(approve_replies, wait_hours=1 / 3600).end()

    assert (state.name, state.type.value) == ("NothingDecided", "COMPLETED")
    assert office.effects()[0].state == "held"


def change_mail(office):
    with office.engine.begin() as connection:
        connection.execute(update(raws).values(raw=b"x\x9c\x03\x00\x00\x00\x00\x01"))


def change_reply(office):
    (effect,) = office.effects()
    with office.engine.begin() as connection:
        connection.execute(
            update(effects.effects).values(content={**effect.content, "text": "Other"}, content_hash="other")
        )


@pytest.mark.parametrize("change", [change_mail, change_reply])
def test_what_changed_after_it_was_shown_is_not_done_and_told_by_its_recipient_and_subject(office, change, tmp_path):
    office.act(DRAFT)
    run = PausedRun(approve_replies)
    paused = run.wait()
    change(office)
    run.decide(paused, {"decision": "approve"})
    again = run.next(paused)
    above = run.form(again)["properties"]["your_name"]["description"]
    run.decide(again)

    told = "NOT DONE: Draft a reply to ann@company.example, “Re: Login fails”: "
    state = run.end()
    assert above.startswith(told)
    assert told in state.message
    assert "it is still held" in state.message
    assert state.name == "NotAllDone"
    assert office.effects()[0].state == "held"
    assert files_in(tmp_path / ".mailroom" / "drafts") == []


def test_a_dry_runs_replies_are_shown_when_asked_for_and_done_when_approved(office, tmp_path):
    office.act(DRAFT, dry_run=True)

    assert approve_replies(return_state=True).name == "NothingHeld"
    run = PausedRun(approve_replies, dry_runs=True)
    run.decide(run.wait(), {"decision": "approve"})
    run.end()
    assert len(files_in(tmp_path / ".mailroom" / "drafts")) == 1


def test_an_old_form_does_nothing_and_the_next_says_so(office, tmp_path):
    office.act(DRAFT)
    more_held(office, 1)
    run = PausedRun(approve_replies, most=1)
    first = run.wait()
    old = {one.name: one.sent(decision="edit", text="Meant for Ann") for one in run.entries(first)}
    run.decide(first, {"decision": "reject"})
    second = run.next(first)

    assert run.answer(second, your_name="Bob", **old) == "ACCEPT"
    third = run.next(second)
    assert run.form(third)["properties"]["your_name"]["description"].startswith(
        "The form that was sent last was OUT OF DATE"
    )
    run.decide(third, {"decision": "reject"})

    assert run.end().message == "1 form out of date, 2 rejected."
    assert files_in(tmp_path / ".mailroom" / "drafts") == []
