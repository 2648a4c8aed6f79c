"""Replies in one conversation: which there are, and which of them are not wanted any more."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, and_, func, or_, select, update

from tasks.ledger.clocks import database_time
from tasks.ledger.engine import reading
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import effects, outcomes, thread_mails

REPLIES = ("draft_reply", "send_reply")
"""The actions that answer a mail."""
_ALIVE = ("planned", "held", "claimed", "done", "ambiguous")


@dataclass(frozen=True, kw_only=True)
class ThreadReply:
    """A reply that is to be given or was given, and the mail it answers; `at` is when that was written."""

    effect_id: str
    message_key: str
    thread: str
    at: float
    state: str
    dry_run: bool
    is_open: bool
    """Whether it waits, for its turn or for a person; one that a person approved does not."""


def replies_beside(engine: Engine, keys: Iterable[str]) -> list[ThreadReply]:
    """The replies to all mails in the conversations of these mails, each conversation's in the order of its mails."""
    found: dict[str, ThreadReply] = {}
    for some in in_batches(keys):
        with reading(engine) as connection:
            found |= {
                row.effect_id: ThreadReply(**row._asdict())
                for row in connection.execute(_BESIDE.where(_given.c.mail.in_(some)))
            }
    return sorted(found.values(), key=lambda one: (one.thread, one.at, one.message_key))


_given, _beside = thread_mails.alias("given"), thread_mails.alias("beside")
_is_open = or_(effects.c.state == "held", and_(effects.c.state == "planned", effects.c.needs_approval.is_(False)))
_BESIDE = (
    select(
        effects.c.effect_id, effects.c.message_key, _beside.c.thread, _beside.c.at, effects.c.state, effects.c.dry_run,
        _is_open.label("is_open"),
    )
    .select_from(_given)
    .join(_beside, _beside.c.thread == _given.c.thread)
    .join(effects, effects.c.message_key == _beside.c.mail)
    .where(effects.c.action.in_(REPLIES), effects.c.state.in_(_ALIVE))
)  # fmt: skip


def supersede(engine: Engine, reasons: Mapping[str, str]) -> set[str]:
    """Which of these open effects are superseded now, each for its reason; what somebody is at meanwhile is left."""
    changed: set[str] = set()
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        for effect_id, why in sorted(reasons.items()):
            done = connection.execute(
                update(effects)
                .where(effects.c.effect_id == effect_id, _is_open)
                .values(state="superseded", detail=why[:1_000], updated=now)
            )
            if done.rowcount:
                changed.add(effect_id)
                _tell_outcome(connection, effect_id, why)
    return changed


def _tell_outcome(connection: Connection, effect_id: str, why: str) -> None:
    """Say so in the outcome of the effect's mail, where an earlier window or run has told it already."""
    mail = select(effects.c.message_key).where(effects.c.effect_id == effect_id).scalar_subquery()
    newest = select(outcomes.c.number, outcomes.c.row).where(
        outcomes.c.message_key == mail, outcomes.c.status != "SKIPPED"
    )
    for number, row in connection.execute(newest.order_by(outcomes.c.number.desc()).limit(1)):
        told = [
            one | {"state": "superseded", "detail": why} if one["effect_id"] == effect_id else one
            for one in row["effects"]
        ]
        connection.execute(update(outcomes).where(outcomes.c.number == number).values(row={**row, "effects": told}))


def lapse_reply(engine: Engine, effect_id: str, why: str) -> bool:
    """Whether the reply still waited, and is not wanted any more."""
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        lapsed = connection.execute(
            update(effects)
            .where(effects.c.effect_id == effect_id, _is_open)
            .values(state="skipped", detail=why[:1_000], updated=now)
        )
    return bool(lapsed.rowcount)


def lapse_answered(engine: Engine, threads: Iterable[str], why: str) -> int:
    """How many open replies are not wanted any more, as a mail of ours in their conversation is later than theirs."""
    lapsed = 0
    for some in in_batches(threads):
        ours = (
            select(thread_mails.c.thread, func.max(thread_mails.c.at).label("at"))
            .where(thread_mails.c.thread.in_(some), thread_mails.c.from_us)
            .group_by(thread_mails.c.thread)
            .subquery()
        )
        answered = (
            select(thread_mails.c.mail)
            .join(ours, ours.c.thread == thread_mails.c.thread)
            .where(thread_mails.c.at < ours.c.at)
        )
        with engine.begin() as connection:
            now = database_time(connection, time.time)
            lapsed += connection.execute(
                update(effects)
                .where(effects.c.message_key.in_(answered), effects.c.action.in_(REPLIES), _is_open)
                .values(state="skipped", detail=why, updated=now)
            ).rowcount
    return lapsed
