"""Deletes old rows of calls and batches in small transactions, so that runs at the same time hardly wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, select, update

from tasks.ledger.measures import fold
from tasks.ledger.schema import batch_items, batches, completions, messages

_AT_ONCE = 500
"""Rows in one transaction; SQLite has a limit on parameters."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """How many answers lost their text, and how many calls were deleted."""

    answers: int
    calls: int


def prune_completions(
    engine: Engine, *, answers_s: float, failed_s: float, calls_s: float, clock: Callable[[], float] = time.time
) -> Pruned:
    """Delete texts of answers after `answers_s`, texts of refused answers after `failed_s`, and calls after `calls_s`.

    The cost of a call stays in the cost book until the call is deleted. A deleted text is never reused as an answer.
    """
    now, c = clock(), completions.c
    has_text = c.answer.is_not(None)
    # A mail whose second question waits in a batch still needs its first answer, which may be two days old by then.
    working = select(messages.c.message_key).where(messages.c.state == "PROCESSING")
    aged = and_(has_text, c.state == "done", c.ended_at < now - answers_s, c.message_key.not_in(working))
    refused = and_(has_text, c.state == "failed", c.ended_at < now - failed_s)
    forgotten = sum(_in_small_transactions(engine, which, _forget) for which in (aged, refused))
    return Pruned(answers=forgotten, calls=_in_small_transactions(engine, c.begun_at < now - calls_s, _drop))


def prune_batches(engine: Engine, *, older_s: float, clock: Callable[[], float] = time.time) -> int:
    """Delete settled questions of batches, and each batch with its last question; return the number of questions."""
    item, batch, before = batch_items.c, batches.c, clock() - older_s
    old = and_(item.state.in_(("done", "failed")), item.created_at < before)
    forgotten = 0
    while True:
        with engine.begin() as connection:
            keys = connection.scalars(select(item.key).where(old).limit(_AT_ONCE)).all()
            connection.execute(delete(batch_items).where(item.key.in_(keys)))
            if not keys:
                over = and_(batch.state.in_(("closed", "failed")), batch.updated < before)
                used = select(item.batch_id).where(item.batch_id.is_not(None))
                connection.execute(delete(batches).where(over, batch.batch_id.not_in(used)))
                return forgotten
        forgotten += len(keys)


def _forget(connection: Connection, rows: ColumnElement[bool]) -> None:
    connection.execute(update(completions).where(rows).values(answer=None))


def _drop(connection: Connection, rows: ColumnElement[bool]) -> None:
    fold(connection, completions, rows)
    connection.execute(delete(completions).where(rows))


def _in_small_transactions(
    engine: Engine, which: ColumnElement[bool], change: Callable[[Connection, ColumnElement[bool]], None]
) -> int:
    order = (completions.c.run_id, completions.c.key)  # `fold` needs all tries of a call in one transaction
    done = 0
    while True:
        with engine.begin() as connection:
            calls = connection.scalars(select(completions.c.call).where(which).order_by(*order).limit(_AT_ONCE)).all()
            if calls:
                change(connection, completions.c.call.in_(calls))
        done += len(calls)
        if len(calls) < _AT_ONCE:
            return done
