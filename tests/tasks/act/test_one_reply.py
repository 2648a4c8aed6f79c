"""A conversation has one reply, to its newest mail; those that still wait for earlier mails are superseded."""

import pytest

from tasks.act.apply_actions import act
from tasks.ledger import effects
from tasks.ledger.approvals import give_verdict
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.thread_replies import lapse_answered
from tasks.ledger.threads import ThreadedMail, record_threads
from tasks.parsing.conversation import conversation_of
from tasks.parsing.read_mail import read_mail
from tests.tasks.act.office import RAW, ROW, Office

HELD = {"action": "draft_reply", "hold": True}
LABEL = {"action": "label", "label": "seen"}


def raw_of(name, *answers, sender="Ann Lee <ann@company.example>", hour=9):
    refers = f"References: {' '.join(f'<{one}@company.example>' for one in answers)}\r\n" if answers else ""
    raw = RAW.replace(b"References: <first@company.example>\r\n", refers.encode())
    raw = raw.replace(b"Ann Lee <ann@company.example>", sender.encode())
    return raw.replace(b"<second@", f"<{name}@".encode()).replace(b" 09:00:00", f" {hour:02d}:00:00".encode())


class Desk(Office):
    """Several mails of a conversation, met one after the other."""

    def meet(self, name, *answers, **fields):
        raw = raw_of(name, *answers, **fields)
        mail = read_mail(raw)
        seen = Seen(message_key=name, source="/folder", place=name, source_id=name, raw=raw)
        record_seen(self.engine, [seen])
        return record_threads(self.engine, [
            ThreadedMail(
                mail=name, marks=conversation_of(mail, frozenset({"desk@us.example"})),
                written_at=mail.date.timestamp(), from_us=mail.sender_address == "desk@us.example",
            )
        ])  # fmt: skip

    def reply(self, *names, action=HELD, dry_run=False, **columns):
        """What is told of each of these mails, planned together."""
        rows = [{**ROW, "message_key": name, **columns, "actions": [{"rule": "test", **action}]} for name in names]
        outbox = self.outbox()
        told = act(rows, outbox, run_id="run", dry_run=dry_run)
        return dict(zip(told["message_key"], told["effects"], strict=True))

    def states(self):
        found = effects.of_mails(self.engine, ["a", "b", "c"])
        return {key: one.state for key, (one, *_) in found.items()}


@pytest.fixture
def desk(ledger_url):
    return Desk(ledger_url)


def test_of_a_conversation_planned_at_once_the_newest_mail_alone_is_answered(desk):
    desk.meet("c", "a", "b", hour=11)
    desk.meet("a", hour=9)
    desk.meet("b", "a", hour=10)

    told = desk.reply("c", "a", "b")

    assert {key: one["state"] for key, (one,) in told.items()} == {"a": "superseded", "b": "superseded", "c": "held"}
    assert told["a"][0]["detail"] == "a later mail of its conversation is answered in its place (c)"
    assert desk.states() == {"a": "superseded", "b": "superseded", "c": "held"}


def test_a_reply_that_waits_from_an_earlier_run_is_told_with_the_mail_that_supersedes_it(desk):
    desk.meet("a")
    desk.reply("a")
    desk.meet("b", "a", hour=10)

    told = desk.reply("b")

    assert [(one["action"], one["state"]) for one in told["b"]] == [
        ("draft_reply", "held"),
        ("draft_reply", "superseded"),
    ]
    assert desk.states() == {"a": "superseded", "b": "held"}


def test_an_earlier_mail_that_is_read_later_gets_no_reply_beside_that_of_the_newer_one(desk):
    desk.meet("b", "a", hour=10)
    desk.reply("b", action={"action": "draft_reply"})
    desk.meet("a")

    assert desk.reply("a")["a"][0]["state"] == "superseded"
    assert desk.states() == {"a": "superseded", "b": "done"}


def test_what_is_superseded_is_neither_approved_nor_done_nor_planned_again(desk):
    desk.meet("a")
    desk.reply("a")
    (shown,) = effects.of_mails(desk.engine, ["a"])["a"]
    desk.meet("b", "a", hour=10)
    desk.reply("b")

    assert not give_verdict(
        desk.engine, shown.effect_id, verdict="approved", shown_hash=shown.content_hash, person="Ann", flow_run_id="f"
    )
    assert desk.reply("a")["a"][0]["state"] == "superseded"
    assert not (desk.outbox().destinations.drafts_on_disk).exists()


def test_what_a_person_approved_stays(desk):
    desk.meet("a")
    desk.reply("a")
    (shown,) = effects.of_mails(desk.engine, ["a"])["a"]
    assert give_verdict(
        desk.engine, shown.effect_id, verdict="approved", shown_hash=shown.content_hash, person="Ann", flow_run_id="f"
    )
    desk.meet("b", "a", hour=10)
    desk.reply("b")

    assert desk.states() == {"a": "planned", "b": "held"}


def test_a_dry_run_shows_one_reply_and_leaves_those_that_wait_alone(desk):
    desk.meet("a")
    desk.reply("a")
    desk.meet("b", "a", hour=10)
    desk.meet("c", "b", hour=11)

    told = desk.reply("b", "c", dry_run=True)

    assert [told["b"][0]["state"], told["c"][0]["state"]] == ["superseded", "held"]
    assert desk.states()["a"] == "held"
    assert desk.reply("c")["c"][0]["state"] == "held"
    assert desk.states()["a"] == "superseded"


def test_other_actions_and_other_conversations_are_left_alone(desk):
    desk.meet("a")
    desk.meet("b", "a", hour=10)
    desk.meet("c", hour=11)

    assert {one[0]["state"] for one in desk.reply("a", "b", action={**LABEL, "hold": True}).values()} == {"skipped"}
    assert [one[0]["state"] for one in desk.reply("a", "c").values()] == ["held", "held"]


@pytest.mark.parametrize(
    ("sender", "state"),
    [("bob@company.example", "superseded"), ("Ann <ann@company.example>", "superseded"), ("eve@evil.example", "held")],
)
def test_a_stranger_who_knows_an_id_supersedes_nothing(desk, sender, state):
    desk.meet("a")
    desk.reply("a")
    desk.meet("b", "a", hour=10, sender=sender)
    desk.reply("b")

    assert desk.states() == {"a": state, "b": "held"}


def test_a_reply_that_waits_lapses_when_we_wrote_meanwhile(desk):
    desk.meet("a")
    desk.reply("a")
    assert desk.meet("c", hour=11, sender="desk@us.example")
    answered = desk.meet("b", "a", hour=10, sender="desk@us.example")

    assert lapse_answered(desk.engine, answered, "answered") == 1
    assert lapse_answered(desk.engine, answered, "answered") == 0
    assert desk.states() == {"a": "skipped"}


def test_a_mail_that_was_answered_is_not_drafted_again(desk):
    desk.meet("a")
    told = desk.reply("a", answered=True)["a"][0]

    assert (told["state"], "answered already" in told["detail"]) == ("skipped", True)
