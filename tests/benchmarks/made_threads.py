"""Conversations made up, with which mails belong together known: by ids as mail programs write them, cut and whole."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from tasks.ledger.schema import thread_mails
from tasks.ledger.threads import ThreadedMail
from tasks.parsing.conversation import Conversation

_SUBJECTS = ("login fails", "invoice", "meeting on monday", "report", "your order", "offer", "question", "holiday")
_START_S, _HOUR_S = 1_700_000_000.0, 3_600.0


@dataclass(frozen=True, kw_only=True)
class ThreadedMade:
    """A mail and the conversation that it truly belongs to."""

    threaded: ThreadedMail
    truth: str


def made_threads(count: int, seed: int) -> list[ThreadedMade]:
    """So many mails in conversations of one to nine, in the order they were written; another seed, other mails."""
    chance = random.Random(seed)
    mails: list[ThreadedMade] = []
    while len(mails) < count:
        mails += _conversation(f"{seed}-{len(mails)}", min(chance.randint(1, 9), count - len(mails)), chance)
    return sorted(mails, key=lambda one: one.threaded.written_at or 0.0)


def _conversation(name: str, size: int, chance: random.Random) -> list[ThreadedMade]:
    person, subject = f"person{chance.randrange(200)}@{name}.example", chance.choice(_SUBJECTS)
    at = _START_S + chance.randrange(5_000) * _HOUR_S
    before: list[str] = []
    mails = []
    for number in range(size):
        own = f"{number}@{name}"
        at += chance.randint(1, 400) * _HOUR_S / 4
        marks = Conversation(
            own_id=own, refers_to=_refers_to(before, chance), subject=subject, is_answer=number > 0, people=(person,)
        )
        threaded = ThreadedMail(mail=own, marks=marks, written_at=at, from_us=number % 2 == 1)
        mails.append(ThreadedMade(threaded=threaded, truth=name))
        before.append(own)
    return mails


def _refers_to(before: Sequence[str], chance: random.Random) -> tuple[str, ...]:
    """As programs write it: all ids, some of them, the last alone, or an earlier one where somebody branches off."""
    if not before:
        return ()
    answered = chance.randrange(len(before))
    return chance.choice((
        tuple(before[: answered + 1]), (before[0], before[answered]), (before[answered],), tuple(before[-3:]),
    ))  # fmt: skip


def thread_errors(ledger: Engine, mails: Sequence[ThreadedMade]) -> int:
    """How many mails are not with those that they belong to, or are with others."""
    with ledger.connect() as connection:
        found = {row.mail: row.thread for row in connection.execute(select(thread_mails))}
    first: dict[str, str] = {}
    owner: dict[str, str] = {}
    errors = 0
    for one in mails:
        thread = found[one.threaded.mail]
        errors += first.setdefault(one.truth, thread) != thread or owner.setdefault(thread, one.truth) != one.truth
    return errors
