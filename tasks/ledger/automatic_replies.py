"""Counts replies that were sent without approval, by sender, conversation and hour, to end loops of two programs.

All processes that share the ledger share the counts. The times are the database's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, or_, select, text

from tasks.ledger.clocks import database_time
from tasks.ledger.schema import automatic_replies as replies

DAY_S = 86_400.0
HOUR_S = 3_600.0
_LOCK = 4_815_162_343


@dataclass(frozen=True, kw_only=True)
class AutomaticReply:
    """A reply about to be sent: its recipient, its Message-ID, and the conversation's Message-IDs, oldest first."""

    effect_id: str
    sender: str
    reply_id: str
    thread: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ReplyCaps:
    """The most replies without approval: per sender and per conversation in 24 hours, and in total in one hour."""

    per_sender: int
    per_thread: int
    per_hour: int


def admit_reply(engine: Engine, reply: AutomaticReply, caps: ReplyCaps, clock: Callable[[], float] = time.time) -> str:
    """Count the reply and return an empty string, or return the reason why it must not be sent automatically.

    A reply that the hourly cap stops is counted, too: no reply is sent while more are wanted than the cap allows.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        now = database_time(connection, clock)
        connection.execute(
            delete(replies).where(or_(replies.c.at < now - DAY_S, replies.c.effect_id == reply.effect_id))
        )
        why = _why_capped(connection, reply, caps)
        stopped = "" if why else _why_stopped(connection, caps, now)
        if not why:
            connection.execute(insert(replies).values(_row(reply, now, sent=not stopped)))
    return why or stopped


def take_back_reply(engine: Engine, effect_id: str) -> None:
    """Remove the reply from the counts, because it was certainly not sent."""
    with engine.begin() as connection:
        connection.execute(delete(replies).where(replies.c.effect_id == effect_id))


def _why_capped(connection: Connection, reply: AutomaticReply, caps: ReplyCaps) -> str:
    if _count(connection, replies.c.sender == reply.sender) >= caps.per_sender:
        return f"{_sent(caps.per_sender)} to this sender within 24 hours (MAILROOM_REPLIES_PER_SENDER)"
    ids = [*reply.thread, reply.reply_id]
    in_thread = or_(replies.c.root.in_(ids), replies.c.answered.in_(ids), replies.c.reply_id.in_(ids))
    if _count(connection, in_thread) >= caps.per_thread:
        return f"{_sent(caps.per_thread)} in this conversation within 24 hours (MAILROOM_REPLIES_PER_THREAD)"
    return ""


def _why_stopped(connection: Connection, caps: ReplyCaps, now: float) -> str:
    wanted = connection.scalar(select(func.count()).select_from(replies).where(replies.c.at > now - HOUR_S)) or 0
    if wanted < caps.per_hour:
        return ""
    return (
        f"automatic replies are stopped: {wanted + 1} were wanted within an hour, and MAILROOM_REPLIES_PER_HOUR is "
        f"{caps.per_hour}; they go on by themselves once fewer are wanted"
    )


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(replies).where(which, replies.c.sent)) or 0


def _sent(count: int) -> str:
    return f"{count} automatic {'reply was' if count == 1 else 'replies were'} sent"


def _row(reply: AutomaticReply, now: float, *, sent: bool) -> dict[str, object]:
    thread = [*reply.thread, reply.reply_id]
    return {
        "effect_id": reply.effect_id, "sender": reply.sender, "reply_id": reply.reply_id, "root": thread[0],
        "answered": thread[max(0, len(thread) - 2)], "sent": sent, "at": now,
    }  # fmt: skip
