"""What we asked and nobody answered, and what is due, until it is done."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert

from tasks.ingest.sent_mail import questions_in, record_sent_mail
from tasks.ledger.engine import open_ledger
from tasks.ledger.follow_ups import DAY_S, AskedQuestion, record_questions
from tasks.ledger.schema import outcomes
from tasks.ledger.thread_facts import thread_facts
from tasks.ledger.threads import ThreadedMail, record_threads
from tasks.mailbox.raw import Origin, RawMail
from tasks.parsing.conversation import Conversation
from tasks.parsing.read_mail import read_mail
from tasks.report.follow_ups import follow_ups_of
from tasks.settings import Settings
from tests.made_rows import outcome_row

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
SETTINGS = Settings(reply_from="desk@us.example")


@pytest.fixture
def ledger(any_ledger_url):
    return open_ledger(any_ledger_url)


def write(ledger, name, *refers_to, days_ago, from_us):
    marks = Conversation(own_id=name, refers_to=refers_to)
    record_threads(ledger, [ThreadedMail(mail=name, marks=marks, written_at=NOON - days_ago * DAY_S, from_us=from_us)])


def ask(ledger, name, *refers_to, days_ago):
    write(ledger, name, *refers_to, days_ago=days_ago, from_us=True)
    found = AskedQuestion(
        mail=name, at=NOON - days_ago * DAY_S, whom="ann@a.example", subject="Offer", question="May we?"
    )
    record_questions(ledger, [found, found])


def asked(ledger):
    return [one.mail for one in follow_ups_of(ledger, DAY, unanswered_days=3).questions]


def test_a_question_is_open_after_some_days_and_done_when_somebody_else_writes(ledger):
    ask(ledger, "old", days_ago=10)
    ask(ledger, "older", days_ago=20)
    ask(ledger, "young", days_ago=1)
    ask(ledger, "ancient", days_ago=90)
    assert asked(ledger) == ["older", "old"]

    write(ledger, "again", "old", days_ago=5, from_us=True)
    assert asked(ledger) == ["older", "old"]
    write(ledger, "answer", "again", days_ago=4, from_us=False)
    assert asked(ledger) == ["older"]
    assert "- **04 Nov** to ann@a.example, “Offer”: May we?" in follow_ups_of(ledger, DAY, 3).lines


def test_an_item_is_due_until_we_wrote_in_its_conversation(ledger):
    write(ledger, "m1", days_ago=3, from_us=False)
    items = [{"text": "Send the offer", "owner": "desk", "due": due} for due in ("2026-11-25", "2026-12-24", None)]
    row = outcome_row(message_key="m1", subject="Offer | wanted", action_items=items)
    with ledger.begin() as connection:
        connection.execute(
            insert(outcomes).values(
                run_id="r", message_key="m1", status="COMPLETED", processed_at=NOON - 2 * DAY_S, row=row
            )
        )
    assert [one.due for one in follow_ups_of(ledger, DAY, 3).items] == ["2026-11-25"]

    write(ledger, "ours", "m1", days_ago=1, from_us=True)
    assert follow_ups_of(ledger, DAY, 3).lines == []


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Hello Ann,\r\nthank you. Could you send us\r\nthe contract? Regards", "Could you send us the contract?"),
        ("Thank you.", None),
        ("Fine.\r\n\r\nOn Mon, Ann wrote:\r\n> Could you send us the contract?", None),
        ("契約書を送っていただけますか？", "契約書を送っていただけますか？"),
    ],
)
def test_of_a_mail_of_ours_its_own_last_question_counts(text, question):
    head = (
        "From: desk@us.example\r\nTo: ann@a.example\r\nSubject: Re: Offer\r\nDate: Mon, 02 Nov 2026 09:00:00 +0000\r\n"
    )
    mail = read_mail(f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode())

    assert [one.question for one in questions_in("m", mail, SETTINGS)] == ([question] if question else [])


class Sent:
    """A mailbox with these sent mails."""

    name = "imap://work/INBOX"

    def __init__(self, *mails):
        self.mails = mails

    def sent_mails(self):
        for number, raw in enumerate(self.mails):
            origin = Origin(source="imap-sent:work", mailbox="Sent", uidvalidity=1, uid=number)
            yield RawMail(raw=raw, source_id=str(number), origin=origin)


def test_what_was_sent_answers_its_conversation_once(ledger):
    write(ledger, "a", days_ago=3, from_us=False)
    raw = (
        b"From: desk@us.example\r\nTo: ann@a.example\r\nSubject: Re: x\r\nIn-Reply-To: <a>\r\nMessage-ID: <b>\r\n"
        b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n\r\nDone.\r\n"
    )
    for _ in range(2):
        record_sent_mail(Sent(raw), ledger, SETTINGS)

    facts = thread_facts(ledger, ["a"])["a"]
    assert (facts.size, facts.answered, facts.last_from_us) == (2, True, True)
