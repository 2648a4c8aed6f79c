"""What people said a mail's category is, with who and when; the newest counts, and all are kept."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, case, func, insert, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import corrections, outcomes

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


def count_said(engine: Engine, since: float) -> dict[str, tuple[int, int]]:
    """By way, how many answers people looked at since then (UTC seconds), and how many of these they changed."""
    c = corrections.c
    changed = func.sum(case((c.category != c.was, 1), else_=0))
    wanted = select(c.way, func.count(), changed).where(c.at >= since, c.was != "").group_by(c.way)
    with reading(engine) as connection:
        return {way: (looked_at, int(changed)) for way, looked_at, changed in connection.execute(wanted)}


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


def current_categories(engine: Engine, keys: Iterable[str]) -> dict[str, str]:
    """By message_key, what each of these mails counts as: its newest correction, or the category of its last outcome.

    Mails that were never sorted are left out.
    """
    o = outcomes.c
    found: dict[str, str] = {}
    wanted_keys = list(keys)
    with reading(engine) as connection:
        for some in in_batches(wanted_keys):
            sorted_ = (o.message_key.in_(some), o.category.is_not(None), o.status == "COMPLETED")
            newest = select(func.max(o.number)).where(*sorted_).group_by(o.message_key)
            rows = connection.execute(select(o.message_key, o.category).where(o.number.in_(newest)))
            found |= {key: category for key, category in rows}
    return found | {key: one.category for key, one in newest_corrections(engine, wanted_keys).items()}
