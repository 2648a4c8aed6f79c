"""Puts mails that are met into their conversations, and says of each what its conversation is like."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine

from tasks.ingest.earlier import with_earlier
from tasks.ingest.our_passages import with_passages
from tasks.ingest.our_style import with_style
from tasks.ingest.rows import Parsed, is_operators_own
from tasks.ledger.thread_facts import ALONE, thread_facts
from tasks.ledger.thread_replies import lapse_answered
from tasks.ledger.threads import ThreadedMail, record_threads
from tasks.parsing.conversation import conversation_of
from tasks.parsing.headers import read_fields
from tasks.parsing.mail import Mail
from tasks.settings import Settings
from tasks.settings.replies import bare_address

log = logging.getLogger("mailroom.ingest")
ANSWERED = "the mail was answered meanwhile: a later mail of ours is in its conversation"


def record_conversations(engine: Engine, parsed: Iterable[Parsed], settings: Settings) -> None:
    """Put these mails into their conversations; replies that wait in one where we wrote meanwhile lapse."""
    record_met(engine, [_threaded(one, settings) for one in parsed if not one.raw.foreign])


def record_met(engine: Engine, met: Sequence[ThreadedMail]) -> None:
    """As `record_conversations`, for mails however they were met."""
    answered = record_threads(engine, met)
    if answered and (lapsed := lapse_answered(engine, answered, ANSWERED)):
        log.info("%d replies that waited lapsed: their mails were answered meanwhile.", lapsed)


def with_facts(rows: Mapping[str, dict[str, Any]], engine: Engine, settings: Settings) -> list[dict[str, Any]]:
    """The rows, by their mail's key, each with what is known of its conversation by now."""
    with_earlier(rows, engine, settings.thread_tokens)
    with_passages(rows, settings)
    if settings.own_style:
        with_style(rows, engine)
    known = thread_facts(engine, rows)
    found = []
    for key, row in rows.items():
        facts = known.get(key, ALONE)
        row |= {"thread_size": facts.size, "last_from_us": facts.last_from_us}
        found.append(row | {"answered": row["answered"] or facts.answered})
    return found


def written_at(mail: Mail) -> float | None:
    """When the mail says that it was written, in UTC seconds."""
    return mail.date.timestamp() if mail.date else None


def _threaded(one: Parsed, settings: Settings) -> ThreadedMail:
    mail = one.mail
    return ThreadedMail(
        mail=mail.message_key, marks=conversation_of(mail, settings.ours), from_us=_is_from_us(one, settings),
        written_at=written_at(mail),
        also=(f"at {one.raw.conversation}",) if one.raw.conversation else (),
    )  # fmt: skip


def _is_from_us(one: Parsed, settings: Settings) -> bool:
    """Whether we wrote it. Anybody can write our address into a From, but then the mail came by a server to us."""
    if bare_address(one.mail.sender_address) not in settings.ours:
        return False
    sent_by_us = one.raw.origin.source.startswith("imap:") and "received" not in read_fields(one.raw.raw)
    return sent_by_us or is_operators_own(one.raw)
