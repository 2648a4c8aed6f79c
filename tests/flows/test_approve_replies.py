"""What a person approves is done, and nothing else, whatever happened between showing and approving."""

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
    monkeypatch.setattr("flows.approve_replies.POLL_S", 0.2)
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
            target=f"p{n}@company.example", content={**first.content, "to": f"p{n}@company.example", "text": f"Reply {n}"},
            state="held",
        )  # fmt: skip
        record_plan(office.engine, "run", [plan])


def test_approve_edit_and_reject_do_exactly_that_and_say_who_and_when(office, tmp_path):
    office.act(DRAFT)
    more_held(office, 3)
    run = PausedRun(approve_replies, most=10)
    paused = run.wait()
    form = run.form(paused)

    assert "ann@company.example" in form["description"]
    assert "    Die Anmeldung schlägt fehl." in form["description"]
    assert form["properties"]["text_1"]["default"] == "Wir sehen es uns an – danke."
    run.answer(
        paused, your_name="Ann Operator", decision_1="approve", text_1="Wir sehen es uns an – danke.", decision_2="edit",
        text_2="My own words\r\nin two lines", decision_3="reject", text_3="Reply 1", decision_4="wait", text_4="Reply 2",
    )  # fmt: skip

    assert run.end().message == "1 approved, 1 edited, 2 now done, 1 rejected, 1 waits."
    drafts = b"".join(files_in(tmp_path / ".mailroom" / "drafts")).decode()
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


def test_an_answer_without_a_name_or_with_another_choice_is_not_taken(office):
    office.act(DRAFT)
    run = PausedRun(approve_replies)
    paused = run.wait()

    assert run.answer(paused, your_name="", decision_1="approve") == "REJECT"
    assert run.answer(paused, your_name="Ann", decision_1="send it all") == "REJECT"
    assert run.answer(paused, your_name="Ann", decision_1="wait") == "ACCEPT"
    assert run.end().message == "1 waits."
    assert office.effects()[0].state == "held"


def test_fetching_an_address_approves_nothing(office, prefect_server):
    office.act(DRAFT)
    run = PausedRun(approve_replies)
    paused = run.wait()
    fetched = httpx.get(f"{prefect_server}/flow_runs/{paused.id}/resume", params={"run_input": "approve"})
    run.answer(paused, your_name="Ann", decision_1="wait")

    assert fetched.status_code == 405
    assert run.end().message == "1 waits."


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
def test_what_changed_after_it_was_shown_is_not_done(office, change, tmp_path):
    office.act(DRAFT)
    run = PausedRun(approve_replies)
    paused = run.wait()
    change(office)
    run.answer(paused, your_name="Ann", decision_1="approve")

    assert run.end().message == "1 changed."
    assert office.effects()[0].state == "held"
    assert files_in(tmp_path / ".mailroom" / "drafts") == []


def test_a_text_changed_under_approve_is_not_taken_for_an_edit(office):
    office.act(DRAFT)
    run = PausedRun(approve_replies)
    run.answer(run.wait(), your_name="Ann", decision_1="approve", text_1="Something else")

    assert run.end().message == "1 changed."


def test_a_dry_runs_replies_are_shown_when_asked_for_and_done_when_approved(office, tmp_path):
    office.act(DRAFT, dry_run=True)

    assert approve_replies(return_state=True).name == "NothingHeld"
    run = PausedRun(approve_replies, dry_runs=True)
    run.answer(run.wait(), your_name="Ann", decision_1="approve")
    run.end()
    assert len(files_in(tmp_path / ".mailroom" / "drafts")) == 1


def test_pages_follow_each_other_until_all_were_shown(office):
    office.act(DRAFT)
    more_held(office, 1)
    run = PausedRun(approve_replies, most=1)
    first = run.wait()
    keys = first.state.state_details.run_input_keyset
    run.answer(first, your_name="Ann", decision_1="reject")
    second = run.wait()
    while second.state.state_details.run_input_keyset == keys:
        second = run.wait()
    run.answer(second, your_name="Ann", decision_1="reject")

    assert run.end().message == "2 rejected."


def test_nothing_in_a_mail_gets_out_of_its_block(office):
    office.act(DRAFT, text="```\n<img src=http://evil.example/pixel>\n# Heading\n\n![](http://evil.example/x)")
    run = PausedRun(approve_replies)
    paused = run.wait()
    description = run.form(paused)["description"]
    run.answer(paused, your_name="Ann", decision_1="wait")
    run.end()

    assert "evil.example" not in description
    assert all(line.startswith("    ") for line in description.splitlines() if "img" in line or "Heading" in line)
