"""What we sent, read beside a mailbox: it takes its place in its conversation, and what it asks is written down.

No model is asked about it. A mailbox that lets nobody look at its sent mail is read all the same.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Iterable
from itertools import islice

from sqlalchemy import Engine

from tasks.errors import SourceError, SourceUnavailable
from tasks.ingest.conversations import record_met, written_at
from tasks.ingest.our_style import record_sent_styles
from tasks.ledger.earlier_mails import SentText, record_sent_texts
from tasks.ledger.follow_ups import AskedQuestion, record_questions
from tasks.ledger.sightings import record_sightings
from tasks.ledger.threads import ThreadedMail
from tasks.mailbox.imap.address import split_address
from tasks.mailbox.kinds import Source
from tasks.mailbox.raw import RawMail
from tasks.parsing.characters import clean_for_model
from tasks.parsing.conversation import conversation_of
from tasks.parsing.cutting import cut_text
from tasks.parsing.mail import Mail
from tasks.parsing.read_mail import read_mail
from tasks.providers.catalogue.tokens import estimate_tokens
from tasks.settings import Settings
from tasks.settings.replies import bare_address

log = logging.getLogger("mailroom.ingest")
_AT_A_TIME = 50
_QUESTION = re.compile(r"[^.!?？؟。\n]{8,300}[?？؟]")
_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")  # within a paragraph
_SHOWN = 200


def record_sent_mail(source: Source, engine: Engine, settings: Settings) -> None:
    """Read what was sent from the source's mailbox since the last run, where it has a folder of sent mail."""
    sent = getattr(source, "sent_mails", None)
    if sent is None:
        return
    try:
        mails = sent()
        while some := list(islice(mails, _AT_A_TIME)):
            _record([raw for raw in some if not raw.problem], split_address(source.name)[0], engine, settings)
    except (SourceError, SourceUnavailable, OSError) as error:
        log.warning("%s: what was sent could not be read now (%s).", source.name, error)


def _record(raws: Iterable[RawMail], mailbox: str, engine: Engine, settings: Settings) -> None:
    mails = [(_name(raw), raw, read_mail(raw.raw)) for raw in raws]
    record_met(engine, [
        ThreadedMail(
            mail=name, marks=conversation_of(mail, settings.ours), written_at=written_at(mail), from_us=True
        )
        for name, _, mail in mails
    ])  # fmt: skip
    if settings.own_style:
        record_sent_styles(engine, mailbox, [(name, mail) for name, _, mail in mails])
    if settings.thread_tokens:
        record_sent_texts(engine, [_text_of(name, mail, settings) for name, _, mail in mails])
    record_questions(engine, [one for name, _, mail in mails for one in questions_in(name, mail, settings)])
    # Last: what is on record here is not read again.
    record_sightings(engine, [(raw.origin.source, raw.place, name) for name, raw, _ in mails])


def _text_of(name: str, mail: Mail, settings: Settings) -> SentText:
    people = (bare_address(one) for one in (mail.sender_address, *mail.to, *mail.cc))
    text, _ = cut_text(clean_for_model(mail.text).text, settings.thread_tokens, estimate_tokens)
    return SentText(
        mail=name, at=written_at(mail) or time.time(), sender=mail.sender_address,
        people=tuple(dict.fromkeys(people)), text=text,
    )  # fmt: skip


def questions_in(name: str, mail: Mail, settings: Settings) -> list[AskedQuestion]:
    """The last question of a mail of ours, if it has one and somebody else is asked."""
    found = _QUESTION.findall(_LINE_END.sub(" ", mail.text))
    people = conversation_of(mail, settings.ours).people
    at = written_at(mail)
    if not found or not people or at is None:
        return []
    question = " ".join(found[-1].split())[:_SHOWN]
    whom = ", ".join(people[:3])
    return [AskedQuestion(mail=name, at=at, whom=whom, subject=mail.subject[:_SHOWN], question=question)]


def _name(raw: RawMail) -> str:
    """Of a sent mail in its conversation: it is no mail that is processed, so its key must not be one's."""
    return hashlib.sha256(f"sent\0{raw.origin.source}\0{raw.place}".encode()).hexdigest()
