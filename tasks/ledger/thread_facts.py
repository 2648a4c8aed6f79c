"""What is known of the conversations that mails belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import thread_mails


@dataclass(frozen=True, kw_only=True)
class ThreadFacts:
    """Of a mail's conversation: how many mails it has, and what we wrote in it."""

    size: int = 1
    answered: bool = False
    """Whether a mail of ours in it is later than this mail."""
    last_from_us: bool = False
    """Whether its newest mail is ours."""


ALONE = ThreadFacts()


def thread_facts(engine: Engine, keys: Iterable[str]) -> dict[str, ThreadFacts]:
    """What is known of each of these mails' conversations; a mail that was never put into one is missing."""
    found: dict[str, ThreadFacts] = {}
    mail = thread_mails.c
    for some in in_batches(keys):
        with reading(engine) as connection:
            mails = connection.execute(select(mail.mail, mail.thread, mail.at).where(mail.mail.in_(some))).all()
            sums = {
                row.thread: row
                for row in connection.execute(_SUMS.where(mail.thread.in_({row.thread for row in mails})))
            }
        for key, thread, at in mails:
            size, last, ours = sums[thread].size, sums[thread].last, sums[thread].ours
            found[key] = ThreadFacts(
                size=size, answered=ours is not None and ours > at, last_from_us=ours is not None and ours >= last
            )
    return found


_SUMS = select(
    thread_mails.c.thread,
    func.count().label("size"),
    func.max(thread_mails.c.at).label("last"),
    func.max(case((thread_mails.c.from_us, thread_mails.c.at))).label("ours"),
).group_by(thread_mails.c.thread)
