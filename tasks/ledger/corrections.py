"""What people said a mail's category is, with who and when; the newest counts, and all are kept."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, func, insert, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import corrections

Way = Literal["command", "form", "mailbox"]


@dataclass(frozen=True, kw_only=True)
class Correction:
    """`was` is the category that the newest outcome had, empty where it had none; the same category confirms it."""

    message_key: str
    category: str
    was: str
    person: str
    way: Way


def record_corrections(engine: Engine, made: Iterable[Correction]) -> int:
    """How many corrections were written down, all at this moment."""
    now = time.time()
    rows = [{**vars(one), "at": now} for one in made]
    if rows:
        with engine.begin() as connection:
            connection.execute(insert(corrections), rows)
    return len(rows)


def newest_corrections(engine: Engine, keys: Iterable[str]) -> dict[str, Correction]:
    """By message_key, the newest correction of each of these mails that has one."""
    c = corrections.c
    found: dict[str, Correction] = {}
    with reading(engine) as connection:
        for some in in_batches(keys):
            newest = select(func.max(c.number)).where(c.message_key.in_(some)).group_by(c.message_key)
            wanted = select(c.message_key, c.category, c.was, c.person, c.way).where(c.number.in_(newest))
            found |= {row.message_key: Correction(**row._asdict()) for row in connection.execute(wanted)}
    return found
