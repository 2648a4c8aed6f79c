"""Counts replies that left without a person, by sender, conversation and hour, so that no two programs go on for ever.

All processes that share the ledger count together, one at a time, by its database's clock.
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
    """A reply about to leave: to whom, its own Message-ID, and the ids of the conversation, the oldest first."""

    effect_id: str
    sender: str
    reply_id: str
    thread: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ReplyCaps:
    """Most replies without a person's approval: in 24 hours to a sender and in a conversation, in an hour to all."""

    per_sender: int
    per_thread: int
    per_hour: int


def admit_reply(engine: Engine, reply: AutomaticReply, caps: ReplyCaps, clock: Callable[[], float] = time.time) -> str:
    """Why the reply may not leave by itself; empty where it may, and then it is counted.

    What the hour's cap stops is counted, too: while more are wanted than it allows, none leaves.
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
    """Count a reply no more: it surely did not leave."""
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
