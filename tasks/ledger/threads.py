"""Conversations: every mail that is met joins the one it belongs to, by ids that it names, else by subject and people.

An id is a look-up, and so is a subject with one of its people, so that the ten-thousandth mail costs what the first
did. A mail that names the ids of two conversations makes them one. Mails may be met in any order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Insert, bindparam, select, text, update

from tasks.ledger.clocks import database_time
from tasks.ledger.rows import in_batches, insert_into, write_rows
from tasks.ledger.schema import joined_threads, thread_mails, thread_marks

SUBJECT_S = 30 * 86_400.0
"""Mails further apart than this do not belong together by subject and people alone."""
_LOCK = 4_815_162_344


class Marks(Protocol):
    """What a mail says about its conversation, as `tasks.parsing.conversation` reads it."""

    @property
    def own_id(self) -> str: ...

    @property
    def refers_to(self) -> tuple[str, ...]: ...

    @property
    def subject(self) -> str: ...

    @property
    def is_answer(self) -> bool: ...

    @property
    def people(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, kw_only=True)
class ThreadedMail:
    """A mail that is met; `mail` is its key, `written_at` its date in UTC seconds, null where it has none."""

    mail: str
    marks: Marks
    written_at: float | None = None
    from_us: bool = False
    also: tuple[str, ...] = ()
    """Further names of its conversation, such as the number that its server gave it."""

    @cached_property
    def names(self) -> list[str]:
        """Marks of the ids that name its conversation, the oldest mail's first."""
        ids = [*self.marks.refers_to, *filter(None, [self.marks.own_id]), *self.also]
        return [_digest("id", name) for name in ids]

    @cached_property
    def subjects(self) -> list[str]:
        """Marks of its subject with each of its people; none where the subject tells nothing."""
        subject = self.marks.subject
        return [_digest("subject", subject, person) for person in self.marks.people] if subject else []


def record_threads(engine: Engine, met: Sequence[ThreadedMail]) -> set[str]:
    """Put these mails into their conversations; the conversations in which mails of ours were met for the first time.

    Mails that were met before stay where they are.
    """
    if not met:
        return set()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # two who meet two mails of one conversation would make two of it
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        known = _known(connection, [one.mail for one in met])
        fresh = list({one.mail: one for one in met if one.mail not in known}.values())
        if not fresh:
            return set()
        marks = [mark for one in fresh for mark in (*one.names, *one.subjects)]
        sorting = _Sorting(database_time(connection, time.time), _load(connection, marks))
        for one in fresh:
            sorting.place(one)
        sorting.write(connection)
    return {sorting.today(thread) for thread, from_us in sorting.threads() if from_us}


@dataclass(kw_only=True)
class _Mark:
    thread: str
    at: float | None = None
    waits: bool = False


@dataclass
class _Sorting:
    """The conversations of some mails, as they are found: in memory first, then written at once."""

    now: float
    marks: dict[str, _Mark]
    _placed: dict[str, tuple[str, float, bool]] = field(default_factory=dict)
    _joined: dict[str, str] = field(default_factory=dict)
    _changed: dict[str, _Mark] = field(default_factory=dict)

    def place(self, one: ThreadedMail) -> None:
        """Find the mail's conversation, or begin one."""
        at = self.now if one.written_at is None else min(one.written_at, self.now)
        names = one.names
        found = [self.marks[name].thread for name in names if name in self.marks] or self._by_subject(one, at)
        thread = self._join(found) if found else one.mail
        for name in names:
            if name not in self.marks:
                self._note(name, _Mark(thread=thread))
        for subject in one.subjects:
            if subject not in self.marks or (self.marks[subject].at or 0.0) <= at:
                self._note(subject, _Mark(thread=thread, at=at, waits=one.marks.is_answer and not found))
        self._placed[one.mail] = (thread, at, one.from_us)

    def _by_subject(self, one: ThreadedMail, at: float) -> list[str]:
        """The conversation that was last written in, of those under this subject with one of these people."""
        near = [
            mark
            for subject in one.subjects
            if (mark := self.marks.get(subject)) and mark.at is not None and abs(mark.at - at) <= SUBJECT_S
            if (mark.at <= at if one.marks.is_answer else mark.waits and mark.at >= at)
        ]
        return [max(near, key=lambda mark: mark.at or 0.0).thread] if near else []

    def today(self, thread: str) -> str:
        """The conversation that this one is a part of by now."""
        while thread in self._joined:
            thread = self._joined[thread]
        return thread

    def _join(self, threads: Iterable[str]) -> str:
        first, *others = dict.fromkeys(self.today(thread) for thread in threads)
        self._joined |= dict.fromkeys(others, first)
        return first

    def _note(self, name: str, mark: _Mark) -> None:
        self.marks[name] = self._changed[name] = mark

    def threads(self) -> list[tuple[str, bool]]:
        """The conversation of each mail that was placed, and whether the mail is ours."""
        return [(thread, from_us) for thread, _, from_us in self._placed.values()]

    def write(self, connection: Connection) -> None:
        dialect = connection.dialect.name
        for thread in self._joined:
            into = self.today(thread)
            connection.execute(update(thread_mails).where(thread_mails.c.thread == thread).values(thread=into))
            connection.execute(update(joined_threads).where(joined_threads.c.into == thread).values(into=into))
            write_rows(connection, _upsert_joined(dialect), [{"thread": thread, "into": into}])
        mails = [
            {"mail": mail, "thread": self.today(thread), "at": at, "from_us": from_us}
            for mail, (thread, at, from_us) in self._placed.items()
        ]
        write_rows(connection, _insert_mail(dialect), mails)
        marks = [
            {"mark": name, "thread": self.today(mark.thread), "at": mark.at, "waits": mark.waits}
            for name, mark in sorted(self._changed.items())
        ]
        if marks:
            write_rows(connection, _upsert_mark(dialect), marks)


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# Built once, as building it takes longer than executing it.
_MARKS = (
    select(thread_marks, joined_threads.c.into)
    .outerjoin(joined_threads, joined_threads.c.thread == thread_marks.c.thread)
    .where(thread_marks.c.mark.in_(bindparam("marks", expanding=True)))
)


def _known(connection: Connection, mails: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in in_batches(mails):
        found.update(connection.scalars(select(thread_mails.c.mail).where(thread_mails.c.mail.in_(some))))
    return found


def _load(connection: Connection, marks: Iterable[str]) -> dict[str, _Mark]:
    """The marks that are on record, each with the conversation that it names today."""
    found: dict[str, _Mark] = {}
    for some in in_batches(dict.fromkeys(marks)):
        rows: Any = connection.execute(_MARKS, {"marks": some})
        found |= {row.mark: _Mark(thread=row.into or row.thread, at=row.at, waits=row.waits) for row in rows}
    return found


@cache
def _insert_mail(dialect: str) -> Insert:
    return insert_into(thread_mails, dialect)


@cache
def _upsert_mark(dialect: str) -> Insert:
    insert = insert_into(thread_marks, dialect)
    newest: Insert = insert.on_conflict_do_update(
        index_elements=[thread_marks.c.mark],
        set_={name: insert.excluded[name] for name in ("thread", "at", "waits")},
    )
    return newest


@cache
def _upsert_joined(dialect: str) -> Insert:
    insert = insert_into(joined_threads, dialect)
    joined: Insert = insert.on_conflict_do_update(
        index_elements=[joined_threads.c.thread], set_={"into": insert.excluded["into"]}
    )
    return joined
