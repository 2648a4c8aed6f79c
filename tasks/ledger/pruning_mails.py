"""Deletes the bytes of completed mails, and the SKIPPED rows that say that a mail was seen again."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Engine, delete, select

from tasks.ledger.measures import fold
from tasks.ledger.schema import effects, messages, outcomes, raws

_AT_ONCE = 500
_OPEN = ("planned", "held", "claimed", "ambiguous")


def prune_mails(engine: Engine, *, done_s: float, clock: Callable[[], float] = time.time) -> int:
    """Delete the bytes of mails completed `done_s` or more ago that have no open effect, and return their number."""
    waiting = select(effects.c.message_key).where(effects.c.state.in_(_OPEN), effects.c.dry_run.is_(False))
    old = (
        select(raws.c.message_key)
        .join(messages, messages.c.message_key == raws.c.message_key)
        .where(messages.c.state == "COMPLETED", raws.c.stored_at < clock() - done_s, raws.c.message_key.not_in(waiting))
        .limit(_AT_ONCE)
    )
    done = 0
    while True:
        with engine.begin() as connection:
            keys = connection.scalars(old).all()
            connection.execute(delete(raws).where(raws.c.message_key.in_(keys)))
        done += len(keys)
        if len(keys) < _AT_ONCE:
            return done


def prune_skipped(engine: Engine, *, older_s: float, clock: Callable[[], float] = time.time) -> int:
    """Delete SKIPPED outcomes older than `older_s` and return their number. They do not tell a mail's state."""
    old = (
        select(outcomes.c.number)
        .where(outcomes.c.status == "SKIPPED", outcomes.c.processed_at < clock() - older_s)
        .limit(_AT_ONCE)
    )
    done = 0
    while True:
        with engine.begin() as connection:
            numbers = connection.scalars(old).all()
            if numbers:
                rows = outcomes.c.number.in_(numbers)
                fold(connection, outcomes, rows)
                connection.execute(delete(outcomes).where(rows))
        done += len(numbers)
        if len(numbers) < _AT_ONCE:
            return done
