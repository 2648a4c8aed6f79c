"""How we write, from sent mail and from what people changed in forms, said in words of ours to the next question."""

from __future__ import annotations

import itertools

import pytest

from tasks.act.edits import note_edit
from tasks.ingest.our_style import with_style
from tasks.ingest.sent_mail import record_sent_mail
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.pruning_threads import prune_threads
from tasks.mailbox.raw import Origin, RawMail
from tasks.settings import Settings
from tasks.understand.understand import analysis_question
from tests.made_rows import message_row
from tests.tasks.act.office import Office

SETTINGS = Settings(reply_from="desk@us.example")
HEAD = "From: desk@us.example\r\nTo: {to}\r\nSubject: x\r\nMessage-ID: <{id}@us.example>\r\n"
DATE = "Date: Tue, {day:02d} Nov 2026 09:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
HI, DEAR = (
    "Hi Ann,\r\nit is on its way and comes on Monday.\r\n\r\nCheers\r\nBob",
    "Dear Ann,\r\nit comes.\r\n\r\nKind regards\r\nBob",
)


class Box:
    """A mailbox `work` whose sent mail was read."""

    name = "imap://work/INBOX"

    def __init__(self, url):
        self.engine = open_ledger(url)
        self.numbers = itertools.count(1)
        self.mails = []

    def sent_mails(self):
        return iter(self.mails)

    def send(self, text, to="ann@a.example", times=1, machine=""):
        self.mails = []
        for number in itertools.islice(self.numbers, times):
            head = (HEAD + DATE).format(to=to, id=f"{machine}{number}", day=number % 28 + 1)
            origin = Origin(source="imap-sent:work", mailbox="Sent", uidvalidity=1, uid=number)
            self.mails.append(RawMail(raw=(head + text).encode(), source_id=str(number), origin=origin))
        record_sent_mail(self, self.engine, SETTINGS)

    def said(self, sender="ann@a.example", source="imap://work/INBOX", language="en"):
        seen = Seen(message_key=source, source=source, place="INBOX/1/1", source_id="1", raw=b"")
        record_seen(self.engine, [seen])
        rows = {source: message_row(message_key=source, sender=f"Ann <{sender}>", language=language)}
        with_style(rows, self.engine)
        return rows[source]["style"]


@pytest.fixture
def box(ledger_url):
    return Box(ledger_url)


def test_a_few_sent_mails_that_agree_say_how_we_write(box):
    box.send(HI)
    assert box.said() == ""
    box.send(HI)
    assert box.said() == 'Replies begin with "Hi" and the sender\'s first name, end with "Cheers", have about 15 words.'
    assert box.said("else@b.example") == "", "three are needed for others"
    box.send(HI)
    assert box.said("else@b.example").startswith('Replies begin with "Hi"')
    assert (
        box.said("else@b.example", language="de")
        == box.said(source="imap://other/INBOX")
        == box.said(source="/f")
        == ""
    )


def test_what_was_written_to_this_person_counts_before_what_others_got(box):
    box.send(HI, to="else@b.example", times=9)
    box.send(DEAR, times=2)

    assert 'begin with "Dear"' in box.said()
    assert 'begin with "Hi"' in box.said("third@c.example")


def test_replies_of_ours_that_a_machine_sent_say_nothing(box):
    box.send(HI, times=5, machine="mailroom.")

    assert box.said() == ""


def effect(box, text, to="ann@a.example", key="imap://work/INBOX"):
    office = Office(str(box.engine.url), key=key)
    office.receive()
    office.act({"action": "draft_reply", "hold": True}, replies=[text, "", ""], doubts=[])
    found = office.effects()[-1]
    return found.__class__(**{**vars(found), "content": {**found.content, "to": to, "text": text}})


def test_what_a_person_changed_counts_before_what_was_sent_and_only_that(box):
    box.send(HI, times=9)
    box.said()  # which sees the mail in the mailbox

    note_edit(box.engine, effect(box, "Hello Ann, it comes on Monday."), "Hello Ann, it comes on Tuesday.")
    assert 'begin with "Hi"' in box.said()
    note_edit(box.engine, effect(box, "Hello Ann, it comes on Monday."), "Dear Ann, it comes on Tuesday.")

    assert (
        box.said() == 'Replies begin with "Dear" and the sender\'s first name, end with "Cheers", have about 15 words.'
    )
    assert 'begin with "Dear"' in box.said("else@b.example")
    assert prune_threads(box.engine, older_s=1, clock=lambda: 4e9) > 0
    assert box.said() == ""


def test_the_question_says_it_where_replies_are_asked_for_alone():
    mail = message_row(style='Replies begin with "Hi".')

    def said(*wanted):
        return mail["style"] in analysis_question(mail, frozenset(wanted), None).text

    assert (said("summary", "replies"), said("summary")) == (True, False)
