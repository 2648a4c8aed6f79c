"""Approval in Prefect's own UIs, in a real browser: the paused run, its form, and the result."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import select

from flows.approve_replies import approve_replies
from flows.process_mail import process_mail
from tasks.ledger.effects import in_state
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.plans import Plan, record_plan
from tasks.ledger.schema import approvals
from tasks.ledger.thread_replies import lapse_reply
from tests.e2e.resume_form import UIS, ResumeForm
from tests.flows.paused import PausedRun
from tests.tasks.act.office import RAW, Office, files_in

SIZES = [(1366, 768), (1600, 900), (1920, 1080)]
LINE = 18  # pixels: the lower of the two UIs' lines
REPLY = (
    "Thank you for telling us about the login that has failed since Monday. Our team looks at it this morning, and "
    "you will hear from us by noon at the latest.\n\nUntil then the old password still works on the second server, so "
    "please use that one.\nKind regards"
)
MAIL = "\n".join(
    f"{n}. When I log in at {8 + n % 10}:{n:02d} the page says that my account is not known, although it was yesterday."
    for n in range(18)
)


@pytest.fixture
def office(prefect_server, ledger_url, monkeypatch):
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    monkeypatch.setattr("flows.run.questions.POLL_S", 0.2)
    return Office(ledger_url)


def hold(office, count):
    """So many held replies, of which each third has two candidates to choose from and each second a warning."""
    for number in range(1, count + 1):
        key, to = f"m{number}", f"person{number}@company.example"
        record_seen(office.engine, [Seen(message_key=key, source="/folder", place=key, source_id=key, raw=RAW)])
        content = {
            "from": "Desk <desk@us.example>", "to": to, "to_verified": bool(number % 2), "to_why": "dmarc=pass",
            "subject": f"Re: The login fails, report {number}", "text": f"Dear person {number},\n{REPLY}",
            "in_reply_to": "", "references": [], "quoted": MAIL, "written": "2026-11-24T09:00:00Z",
            "why": "asks for help with a login",
        }  # fmt: skip
        if number % 2 == 0:
            content |= {"review": ["reader-1: to_a_person", "it promises an hour"], "doubts": ["quote_not_in_mail"]}
        if number % 3 == 0:
            choice = [{"address": to, "why": "its Reply-To"}, {"address": "noreply@us.example", "why": "its From"}]
            content |= {"to": "", "candidates": choice}
        plan = Plan(
            message_key=key, position=0, action="draft_reply", parameters={}, rule="answer", target=to, content=content,
            state="held", detail="its rule holds it for a person",
        )  # fmt: skip
        record_plan(office.engine, "run", [plan])


def check_all_is_seen(form, entries):
    """Each effect's text is on the screen after scrolling one area to it, and none of it is cut off at the side."""
    for number, entry in enumerate(entries):
        for title, name in (("What would be done", "shown"), ("The mail it is about", "mail")):
            expected = entry.shows(name).split()
            for end in ("start", "end"):
                seen = form.measured(number, title, end)
                words = seen["text"].split()
                where = (form.ui, number, name, end, seen)
                near = slice(0, 25) if end == "start" else slice(-25, None)  # lines further away may not be drawn
                assert words[near] == expected[near], where
                assert seen["cut"] <= 1, where
                assert seen["areas"] <= 1, where
                assert seen["visible"] == seen["boxes"] or seen["visible"] * LINE > seen["room"] - 4 * LINE, where


def keep_picture(page, name):
    """For people to look at, where MAILROOM_TEST_SCREENSHOTS names a folder."""
    folder = os.environ.get("MAILROOM_TEST_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_person_sees_all_of_three_replies_and_edits_one_approves_one_and_rejects_one(
    office, page, prefect_server, tmp_path
):
    hold(office, 3)
    run = PausedRun(approve_replies)
    paused = run.wait()
    page.set_viewport_size({"width": 1366, "height": 768})
    for ui in UIS:
        form = ResumeForm(page=page, ui_url=prefect_server.removesuffix("/api"), ui=ui).open(paused.id)
        check_all_is_seen(form, run.entries(paused))

    form.sign("Ann Operator")
    for number, decision in enumerate(("edit", "approve", "approve")):
        form.choose(number, decision)
    form.write(0, "My own words.")
    form.choose(0, "person3@company.example", title="To whom")
    form.submit()

    assert run.end().message.startswith("2 approved, 1 edited, 3 now done. ")
    drafts = b"".join(files_in(tmp_path / ".mailroom" / "drafts")).decode()
    assert ("My own words." in drafts, "Dear person 2" in drafts, "Dear person 1" in drafts) == (True, True, False)
    assert "To: person3@company.example" in drafts
    with office.engine.begin() as connection:
        assert set(connection.scalars(select(approvals.c.person))) == {"Ann Operator"}
    assert page.told.elsewhere == [], "neither UI asks anybody outside"


@pytest.mark.soak
@pytest.mark.parametrize("count", [1, 3, 10, 30])
def test_all_of_a_form_is_seen_in_both_uis_at_each_size(office, page, prefect_server, count):
    hold(office, count)
    run = PausedRun(approve_replies, most=50)
    paused = run.wait()
    entries = run.entries(paused)
    for ui in UIS:
        form = ResumeForm(page=page, ui_url=prefect_server.removesuffix("/api"), ui=ui)
        for width, height in SIZES if count < 30 else SIZES[:1]:
            page.set_viewport_size({"width": width, "height": height})
            form.open(paused.id)
            keep_picture(page, f"{ui}-{count}-{width}x{height}")
            check_all_is_seen(form, entries)
            keep_picture(page, f"{ui}-{count}-{width}x{height}-end")
    run.decide(paused)
    assert run.end().name == "NothingDecided"


def test_a_greeting_that_a_person_changes_in_the_form_is_that_of_the_next_draft(
    office, page, prefect_server, provider_env, monkeypatch, tmp_path
):
    (tmp_path / "mails").mkdir()
    rules = {"rules": [{"name": "answer", "when": "true", "then": [{"action": "draft_reply", "hold": True}]}]}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    monkeypatch.setenv("MAILROOM_RULES_FILE", str(tmp_path / "rules.json"))
    monkeypatch.setenv("MAILROOM_REPLY_FROM", "desk@us.example")

    def drafted(number):
        head = (
            f"From: Ann Lee <ann@company.example>\nSubject: Login {number}\nMessage-ID: <{number}@company.example>\n\n"
        )
        (tmp_path / "mails" / f"{number}.eml").write_text(
            f"{head}The login fails since Monday. Could you please help?\n"
        )
        process_mail(str(tmp_path / "mails"), dry_run=False, return_state=True)
        return max(in_state(office.engine, ["held"]), key=lambda one: one.planned_at).content["text"]

    first = drafted(1)
    assert first.startswith("Hello Ann Lee,")
    run = PausedRun(approve_replies, most=1)
    paused = run.wait()
    form = ResumeForm(page=page, ui_url=prefect_server.removesuffix("/api"), ui="v1").open(paused.id)
    form.sign("Ann Operator")
    form.choose(0, "edit")
    form.write(0, first.replace("Hello Ann Lee,", "Dear Ann,"))
    form.submit()
    assert "1 edited" in run.end().message

    assert drafted(2).startswith("Dear Ann")


@pytest.mark.parametrize("ui", UIS)
def test_a_form_of_a_draft_that_lapsed_meanwhile_does_nothing_and_says_so(office, page, prefect_server, tmp_path, ui):
    hold(office, 1)
    run = PausedRun(approve_replies)
    form = ResumeForm(page=page, ui_url=prefect_server.removesuffix("/api"), ui=ui).open(run.wait().id)
    (held,) = in_state(office.engine, ["held"])
    assert lapse_reply(office.engine, held.effect_id, "the mail was answered meanwhile")

    form.sign("Ann Operator")
    form.choose(0, "approve")
    form.submit()

    message = run.end().message
    assert "NOT DONE: Draft a reply to person1@company.example" in message
    assert "it is not wanted any more: the mail was answered meanwhile" in message
    assert files_in(tmp_path / ".mailroom" / "drafts") == []
