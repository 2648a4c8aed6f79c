"""Forgetting what nobody needs any more, in small bites, so that a run beside it hardly waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, select, update

from tasks.ledger.measures import fold
from tasks.ledger.schema import batch_items, batches, completions, messages

_BITE = 500
"""Rows in one transaction; SQLite takes a bounded number of parameters."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """How many answers lost their text, and how many calls were forgotten altogether."""

    answers: int
    calls: int


def prune_completions(
    engine: Engine, *, answers_s: float, failed_s: float, calls_s: float, clock: Callable[[], float] = time.time
) -> Pruned:
    """Forget answers' text after `answers_s`, refused answers' text after `failed_s`, and whole calls after `calls_s`.

    What a call cost stays in the book until the call itself goes; a text that is gone is never taken for an answer.
    """
    now, c = clock(), completions.c
    told = c.answer.is_not(None)
    # A mail that waits for its second answer in a batch still needs its first, which may be two days old by then.
    working = select(messages.c.message_key).where(messages.c.state == "PROCESSING")
    aged = and_(told, c.state == "done", c.ended_at < now - answers_s, c.message_key.not_in(working))
    refused = and_(told, c.state == "failed", c.ended_at < now - failed_s)
    forgotten = sum(_bite_by_bite(engine, which, _forget) for which in (aged, refused))
    return Pruned(answers=forgotten, calls=_bite_by_bite(engine, c.begun_at < now - calls_s, _drop))


def prune_batches(engine: Engine, *, older_s: float, clock: Callable[[], float] = time.time) -> int:
    """How many settled questions of batches were forgotten; a batch goes with the last of its own."""
    item, batch, before = batch_items.c, batches.c, clock() - older_s
    old = and_(item.state.in_(("done", "failed")), item.created_at < before)
    forgotten = 0
    while True:
        with engine.begin() as connection:
            keys = connection.scalars(select(item.key).where(old).limit(_BITE)).all()
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


def _bite_by_bite(
    engine: Engine, which: ColumnElement[bool], bite: Callable[[Connection, ColumnElement[bool]], None]
) -> int:
    order = (completions.c.run_id, completions.c.key)  # tries of one call stay in one bite, where they are told as such
    done = 0
    while True:
        with engine.begin() as connection:
            calls = connection.scalars(select(completions.c.call).where(which).order_by(*order).limit(_BITE)).all()
            if calls:
                bite(connection, completions.c.call.in_(calls))
        done += len(calls)
        if len(calls) < _BITE:
            return done
