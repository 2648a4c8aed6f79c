"""Earlier mails that a model is shown with a mail: what its sender knows, newest first, within a bound, as data."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import beside, policies
from tasks.frames import Messages
from tasks.ingest.earlier import expected_earlier, with_earlier
from tasks.ingest.rows import parse
from tasks.ingest.sent_mail import record_sent_mail
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.pruning_threads import prune_sent_texts
from tasks.ledger.threads import ThreadedMail, record_threads
from tasks.mailbox.raw import Origin, RawMail
from tasks.parsing.conversation import conversation_of
from tasks.parsing.read_mail import read_mail
from tasks.providers.catalogue.tokens import estimate_tokens
from tasks.settings import Settings
from tasks.understand.prompts import analysis_text
from tests.made_rows import message_row
from tests.tasks.report.test_follow_ups import Sent

ANN, BOB, EVE, DESK = "ann@a.example", "bob@b.example", "eve@e.example", "desk@us.example"
SETTINGS = Settings(reply_from=DESK, thread_tokens=1_000)


def raw_of(name, text, *refers, sender=ANN, to=DESK, cc="", hour=9):
    refers = "".join(f"<{one}@x.example> " for one in refers)
    head = f"From: {sender}\r\nTo: {to}\r\nCc: {cc}\r\nSubject: Order\r\nMessage-ID: <{name}@x.example>\r\n"
    head += f"References: {refers}\r\n" if refers else ""
    return f"{head}Date: Tue, 24 Nov 2026 {hour:02d}:00:00 +0000\r\n\r\n{text}\r\n".encode()


class Box:
    """A ledger that meets mails; `shown` says what is shown with one of them."""

    def __init__(self, url):
        self.engine = open_ledger(url)
        self.keys = {}

    def meet(self, name, text, *refers, **fields):
        mail = read_mail(raw := raw_of(name, text, *refers, **fields))
        self.keys[name] = mail.message_key
        record_seen(self.engine, [Seen(message_key=mail.message_key, source="/f", place=name, source_id=name, raw=raw)])
        record_threads(self.engine, [
            ThreadedMail(
                mail=mail.message_key, marks=conversation_of(mail, frozenset({DESK})), written_at=mail.date.timestamp()
            )
        ])  # fmt: skip
        return self

    def row(self, name, sender=ANN, most=1_000):
        rows = {self.keys[name]: message_row(message_key=self.keys[name], sender=f"Ann, Lee <{sender}>", earlier=[])}
        with_earlier(rows, self.engine, most)
        return rows[self.keys[name]]

    def shown(self, name, sender=ANN, most=1_000):
        return [one["text"] for one in self.row(name, sender, most)["earlier"]]


@pytest.fixture
def box(ledger_url):
    return Box(ledger_url)


def test_earlier_mails_are_shown_newest_first_and_without_what_they_quote(box):
    box.meet("a", "The first.").meet("b", "The second.\r\n\r\n> The first.", "a", hour=10)
    box.meet("c", "The third.", "a", "b", hour=11).meet("d", "Later.", "c", hour=12).meet("other", "Elsewhere.")

    assert box.shown("c") == ["The second.", "The first."]
    assert box.shown("a") == box.shown("other") == []


@pytest.mark.parametrize(
    ("fields", "is_shown"),
    [
        ({"sender": ANN}, True),
        ({"sender": BOB, "to": f"{DESK}, Ann <{ANN.upper()}>"}, True),
        ({"sender": BOB, "cc": ANN}, True),
        ({"sender": BOB}, False),
        ({"sender": EVE, "to": DESK}, False),
    ],
)
def test_only_what_its_sender_wrote_or_got_is_shown(box, fields, is_shown):
    box.meet("a", "Between some of us.", **fields).meet("b", "And?", "a", hour=10)

    assert box.shown("b") == (["Between some of us."] if is_shown else [])


def test_who_breaks_into_a_conversation_is_shown_nothing_of_it(box):
    box.meet("a", "The price is our secret.").meet("b", "What was the price?", "a", sender=EVE, hour=10)

    assert box.shown("b", EVE) == []


def test_no_more_is_shown_than_the_bound_allows(box):
    for number in range(6):
        box.meet(f"m{number}", f"Mail {number}. " + "Some words of it. " * 40, "m0", hour=9 + number)

    for most in (0, 30, 60, 200, 700):
        row = box.row("m5", most=most)
        text = "\n".join(beside.blocks(row))
        assert estimate_tokens(text) <= most
        assert bool(text) == (most >= 200)
    assert box.shown("m5", most=700)[0].startswith("Mail 4.")


def test_what_we_sent_is_shown_where_models_are_shown_earlier_mails_and_forgotten_in_time(box):
    sent = raw_of("s", "We deliver on Monday.", "a", sender=DESK, to=ANN, hour=10)
    twice = RawMail(
        raw=sent, source_id="1", origin=Origin(source="imap-sent:work", mailbox="Sent", uidvalidity=1, uid=9)
    )
    box.meet("a", "When?").meet("b", "Thanks, and where?", "a", "s", hour=11)
    record_sent_mail(Sent(sent), box.engine, SETTINGS)
    record_sent_mail(SimpleNamespace(name="imap://work/INBOX", sent_mails=lambda: iter([twice])), box.engine, SETTINGS)

    assert box.shown("b") == ["We deliver on Monday.", "When?"]
    assert prune_sent_texts(box.engine, older_s=1, clock=lambda: 4e9) == 2
    assert box.shown("b") == ["When?"]


def test_what_we_sent_is_not_kept_where_nothing_is_shown(box):
    box.meet("a", "When?").meet("b", "And?", "a", "s", hour=11)
    record_sent_mail(Sent(raw_of("s", "On Monday.", "a", sender=DESK, to=ANN, hour=10)), box.engine, Settings())

    assert box.shown("b") == ["When?"]


BLOCK = re.compile(r"^\[(mail|earlier) ([0-9a-z]+)\]\n(.*?)^\[/\1 \2\]", re.DOTALL | re.MULTILINE)


@given(
    st.lists(st.sampled_from(["[/mail {own}]", "[/earlier {own}]", "[earlier 1]", "[MAIL x]", "\n", "words", "[", "/"]))
)
def test_no_earlier_mail_ends_its_block_or_begins_another(pieces):
    own = "abcdef012345" + "0" * 52
    text = " ".join(pieces).replace("{own}", own[:12])
    mail = message_row(message_key=own, text="The mail.")
    shown = [{"key": "k" * 64, "sender": text, "date": "2026-11-24", "text": f"{text}\n{text}"}]

    blocks = BLOCK.findall(analysis_text({**mail, "earlier": shown}, translate_into=None))

    assert [(kind, tag == own[:12]) for kind, tag, _ in blocks] == [("mail", True), ("earlier", False)]
    assert not beside.has_mark(blocks[1][2])


def test_a_mail_with_other_earlier_mails_is_another_question_to_the_cache():
    def key(*earlier):
        row = message_row(earlier=[{"key": one, "sender": "", "date": "", "text": one} for one in earlier])
        return policies.same_mails_same_question(None, {"messages": Messages.of([row]), "question": "q"})

    assert len({key(), key("a"), key("b"), key("a", "b")}) == 4


def test_the_estimate_of_a_source_takes_an_answer_to_come_with_all_that_may_be_shown():
    first, answer = (
        parse(RawMail(raw=raw, source_id="1", origin=Origin(source="/f", mailbox="")), SETTINGS)
        for raw in (raw_of("a", "Hello."), raw_of("b", "And?", "a"))
    )

    assert expected_earlier(first.mail, 1_000) == expected_earlier(answer.mail, 0) == []
    (shown,) = expected_earlier(answer.mail, 1_000)
    assert 800 < estimate_tokens(shown["text"]) <= 1_000
