"""The main job over a mailbox on a real mail server, with all that such servers do."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from flows.approve_replies import approve_replies
from flows.process_mail import process_mail
from flows.reconcile_effects import reconcile_effects
from tasks.ledger.effects import in_state
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import read_run
from tasks.mailbox.imap.connection import connected
from tasks.settings import read_settings
from tests.flows.paused import PausedRun
from tests.services.refusing_proxy import refusing_proxy
from tests.tasks.act.office import RAW

THROTTLED = "BAD Request is throttled. Suggested Backoff Time: 20 milliseconds"


@pytest.fixture
def run(prefect_server, provider_env, imap_account, monkeypatch, tmp_path):
    """Runs the flow over the account's INBOX, reached at a port; gives its last state and its outcome rows."""
    monkeypatch.setattr("tasks.mailbox.imap.reading.RECONNECT_AFTER_S", (0.0,) * 3)

    def run_flow(port=None, *, then=(), rules=(), source="imap://test-mailbox", **parameters):
        imap_account.block(port=port or imap_account.port).save("test-mailbox", overwrite=True, _sync=True)
        given = list(rules) or [{"name": "all", "when": "true", "then": list(then)}]
        path = tmp_path / "rules.yaml"
        path.write_text(json.dumps({"rules": given}))
        monkeypatch.setenv("MAILROOM_RULES_FILE", str(path))
        state = process_mail(source, return_state=True, **parameters)
        return state, read_run(read_settings().ledger, str(state.state_details.flow_run_id))

    run_flow.account = imap_account
    return run_flow


def mails(*numbers):
    return [RAW.replace(b"second@", b"%d@" % number) for number in numbers]


def test_a_server_that_throttles_is_waited_for_and_one_that_goes_on_is_named_in_its_own_words(run, imap_account):
    imap_account.deliver(mails(1, 2))

    with refusing_proxy(imap_account.host, imap_account.port, "UID FETCH", *[THROTTLED] * 20) as proxy:
        state, rows = run(proxy.port)
        assert (state.name, rows) == ("SourceUnavailable", [])
        assert "Request is throttled. Suggested Backoff Time: 20 milliseconds" in state.message
        proxy.answers.clear()
        proxy.answers.append(THROTTLED)
        state, rows = run(proxy.port)

    assert (state.name, [row["status"] for row in rows]) == ("Completed", ["COMPLETED"] * 2)


def test_uids_that_are_given_again_hide_no_mail_and_nothing_is_done_twice(run, imap_account):
    flag = {"action": "flag"}
    imap_account.deliver(mails(1, 2, 3))
    run(then=[flag], dry_run=False)
    with connected(imap_account.block()) as box:
        box.delete(["1", "2"])
    imap_account.build_anew(uidvalidity=False)
    imap_account.deliver(mails(4))

    state, rows = run(then=[flag], dry_run=False)

    assert sorted(row["status"] for row in rows) == ["COMPLETED", "SKIPPED"]
    assert state.message.endswith("effects: 1 done")
    with connected(imap_account.block()) as box:
        assert ["\\Flagged" in mail.flags for mail in box.fetch(mark_seen=False)] == [True, True]


def test_a_run_whose_effects_fail_says_so_in_its_state(run, imap_account):
    imap_account.deliver(mails(1))

    state, _ = run(then=[{"action": "move", "folder": "Nowhere"}], dry_run=False)

    assert (state.name, "effects: 1 failed" in state.message) == ("EffectsNotDone", True)


def test_one_mail_in_two_mailboxes_is_paid_for_once_marked_in_both_and_answered_once(run, dovecot, simulator):
    draft, label = {"action": "draft_reply", "hold": True}, {"action": "label", "label": "seen_by_us"}
    first, second = mails(1)[0], mails(1)[0]
    other = dovecot.new_account()
    other.block().save("other-mailbox", overwrite=True, _sync=True)
    run.account.deliver([b"Received: by a.example\r\n" + first])
    other.deliver(
        [
            b"Received: by b.example\r\n" + second,
            mails(2)[0].replace(b"first@", b"begin@").replace(b"helfen", b"antworten"),
        ]
    )

    run(then=[label, draft], dry_run=False)
    asked = simulator.stats()["total"]["answered"]
    state, rows = run(source="imap://other-mailbox", then=[label, draft], dry_run=False)

    assert simulator.stats()["total"]["answered"] == 2 * asked, "the second mail of the other mailbox alone"
    assert sorted((row["status"], [one["state"] for one in row["effects"]]) for row in rows) == [
        ("COMPLETED", ["done", "held"]),
        ("SKIPPED", ["done"]),
    ]
    assert state.message.endswith("effects: 2 done, 1 held")
    for account in (run.account, other):
        with connected(account.block()) as box:
            assert all("seen_by_us" in mail.flags for mail in box.fetch(mark_seen=False))
    assert len(in_state(open_ledger(read_settings().ledger), ["held"])) == 2
    run(source="imap://other-mailbox", again=True, then=[label, draft], dry_run=False)
    assert len(in_state(open_ledger(read_settings().ledger), ["held"])) == 2


SENT = b"""From: Desk <desk@us.example>\r
To: ann@company.example\r
Subject: Re: Login fails\r
Message-ID: <own@us.example>\r
In-Reply-To: <1@company.example>\r
References: <1@company.example>\r
Date: %b\r
\r
It works again, thank you.\r
"""
LATER = format_datetime(datetime.now(UTC)).encode()


def answer_by_flag(account):
    with connected(account.block()) as box:
        box.client.uid("STORE", box.uids()[0], "+FLAGS", "(\\Answered)")


def answer_by_sent_mail(account):
    account.deliver([SENT % LATER], "Gesendet")


def answer_from_the_inbox(account):
    account.deliver([SENT % LATER])  # as with a folder of all mail, or a client that keeps its copies there


ANSWERS = [answer_by_flag, answer_by_sent_mail, answer_from_the_inbox]


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_mail_that_was_answered_from_its_mailbox_is_not_drafted(run, monkeypatch, answer):
    monkeypatch.setenv("MAILROOM_REPLY_FROM", "desk@us.example")
    run.account.deliver(mails(1))
    answer(run.account)

    _, rows = run(then=[{"action": "draft_reply", "hold": True}], dry_run=False)

    states = {row["subject"]: [one["state"] for one in row["effects"]] for row in rows}
    assert states.pop("Login fails") == ["skipped"]
    assert set(map(tuple, states.values())) <= {("skipped",)}, "nor is our own mail answered"


@pytest.mark.parametrize(
    ("answer", "noticed"),
    # What lies among received mails is met by a run alone.
    [*((one, "by a run") for one in ANSWERS), (answer_by_flag, "by the form"), (answer_by_sent_mail, "by the form")],
)
def test_a_held_draft_lapses_and_a_form_that_shows_it_does_nothing_and_says_so(run, monkeypatch, answer, noticed):
    monkeypatch.setenv("MAILROOM_REPLY_FROM", "desk@us.example")
    monkeypatch.setattr("flows.run.questions.POLL_S", 0.2)
    draft = {"action": "draft_reply", "hold": True}
    run.account.deliver(mails(1))
    run(then=[draft], dry_run=False)
    form = PausedRun(approve_replies)
    paused = form.wait()

    answer(run.account)
    if noticed == "by a run":
        run(then=[draft], dry_run=False)
        reconcile_effects(return_state=True)
    form.decide(paused, {"decision": "approve"})

    message = form.end().message
    assert "NOT DONE" in message
    assert "answer" in message.partition("NOT DONE")[2]
    if noticed == "by a run":
        assert "it is not wanted any more" in message
    engine = open_ledger(read_settings().ledger)
    assert in_state(engine, ["held", "planned", "done"]) == []
    with connected(run.account.block()) as box:
        assert "Drafts" not in [one.name for one in box.folder.list()]


def test_a_label_that_a_person_exchanged_is_honoured_by_the_next_run_and_shown_in_its_outcome(run, imap_account):
    imap_account.deliver(mails(1))
    rules = [
        {"name": name, "when": f"category == '{name.upper()}'", "then": [{"action": "label", "label": f"our_{name}"}]}
        for name in ("support", "urgent", "meeting", "marketing", "personal", "other")
    ]
    _, (first,) = run(rules=rules, dry_run=False)
    assert (first["sorted_by"], first["effects"][0]["state"]) == ("model", "done")
    said = "meeting" if first["category"] != "MEETING" else "urgent"
    with connected(imap_account.block()) as box:
        box.client.uid("STORE", "1", "-FLAGS", f"(our_{first['category'].lower()})")
        box.client.uid("STORE", "1", "+FLAGS", f"(our_{said})")

    run(rules=rules, dry_run=False)
    _, (again,) = run(rules=rules, dry_run=False, again=True)

    assert (again["category"], again["sorted_by"]) == (said.upper(), "correction by mailbox test-mailbox")
    assert "(mailbox)" in again["reason"]
