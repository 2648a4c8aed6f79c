"""Forgets conversations in which nobody has written for long, what we asked, how we wrote, and words of sent mail."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, Table, delete, func, select

from tasks.ledger.schema import asked, joined_threads, sent_texts, thread_mails, thread_marks, writing_styles

_AT_ONCE = 500


def prune_threads(engine: Engine, *, older_s: float, clock: Callable[[], float] = time.time) -> int:
    """Forget conversations whose newest mail is older, with all that names them, and return their number.

    A mail that comes to one of them later begins a conversation.
    """
    before, forgotten, last = clock() - older_s, 0, ""
    newest = func.max(thread_mails.c.at)
    while True:
        old = select(thread_mails.c.thread).where(thread_mails.c.thread > last).group_by(thread_mails.c.thread)
        with engine.begin() as connection:
            found = connection.scalars(
                old.having(newest < before).order_by(thread_mails.c.thread).limit(_AT_ONCE)
            ).all()
            connection.execute(delete(thread_mails).where(thread_mails.c.thread.in_(found)))
        if not found:
            break
        forgotten, last = forgotten + len(found), found[-1]
    if forgotten:
        _walk(engine, joined_threads, "thread", "into")
        _walk(engine, thread_marks, "mark", "thread")
    for table in (asked, writing_styles):
        _older(engine, table, before)
    return forgotten


def prune_sent_texts(engine: Engine, *, older_s: float, clock: Callable[[], float] = time.time) -> int:
    """Delete the words of mails that we sent longer ago, and return their number."""
    return _older(engine, sent_texts, clock() - older_s)


def _older(engine: Engine, table: Table, before: float) -> int:
    done = 0
    while True:
        with engine.begin() as connection:
            names = connection.scalars(select(table.c.mail).where(table.c.at < before).limit(_AT_ONCE)).all()
            connection.execute(delete(table).where(table.c.mail.in_(names)))
        done += len(names)
        if len(names) < _AT_ONCE:
            return done


def _walk(engine: Engine, table: Table, key: str, names: str) -> None:
    """Delete the rows that name a conversation of which no mail is left, walking through the table once by its key."""
    last = ""
    while True:
        some = select(table.c[key], table.c[names]).where(table.c[key] > last).order_by(table.c[key]).limit(_AT_ONCE)
        with engine.begin() as connection:
            rows = connection.execute(some).all()
            alive = _alive(connection, {row[1] for row in rows})
            dead = [row[0] for row in rows if row[1] not in alive]
            connection.execute(delete(table).where(table.c[key].in_(dead)))
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1][0]


def _alive(connection: Connection, threads: set[str]) -> set[str]:
    """Of these conversations those that have mails, under this name or that of the one that they became a part of."""
    today = select(joined_threads.c.thread, joined_threads.c.into).where(joined_threads.c.thread.in_(threads))
    became = {thread: into for thread, into in connection.execute(today)}
    wanted = thread_mails.c.thread.in_({*threads, *became.values()})
    there = set(connection.scalars(select(thread_mails.c.thread).where(wanted).distinct()))
    return {thread for thread in threads if thread in there or became.get(thread) in there}
