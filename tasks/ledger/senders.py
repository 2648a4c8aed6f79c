"""What the mails of each sender were, by the newest outcome of each mail."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from tasks.ledger.corrections import newest_corrections
from tasks.ledger.engine import reading
from tasks.ledger.schema import outcomes

_LOOKED_AT = 20_000


@dataclass(frozen=True, kw_only=True)
class SortedMail:
    """A mail that a model, the classifier or a person sorted."""

    sender: str
    category: str
    needs_reply: bool


def sorted_mails(engine: Engine, not_by: str) -> list[SortedMail]:
    """The newest 20,000 mails with a category that was given by anyone but those whose name begins with `not_by`."""
    o = outcomes.c
    newest = (
        select(func.max(o.number).label("number"))
        .where(o.status == "COMPLETED", o.category.is_not(None))
        .group_by(o.message_key)
        .order_by(func.max(o.number).desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    wanted = select(
        o.message_key, o.category, o.row["sender"].as_string().label("sender"),
        o.row["needs_reply"].as_boolean().label("needs_reply"), o.row["sorted_by"].as_string().label("sorted_by"),
    ).where(o.number.in_(select(newest.c.number)))  # fmt: skip
    with reading(engine) as connection:
        rows = [row for row in connection.execute(wanted) if not (row.sorted_by or "").startswith(not_by)]
    said = newest_corrections(engine, [row.message_key for row in rows])
    return [
        SortedMail(
            sender=row.sender or "", needs_reply=bool(row.needs_reply),
            category=said[row.message_key].category if row.message_key in said else row.category,
        )
        for row in rows
    ]  # fmt: skip


def hits_of(engine: Engine, by: str) -> Counter[str]:
    """How many outcomes each of those gave the category of whose name begins with `by`, by the rest of the name."""
    name = outcomes.c.row["sorted_by"].as_string()
    wanted = select(name, func.count()).where(name.startswith(by, autoescape=True)).group_by(name)
    with reading(engine) as connection:
        return Counter({one.removeprefix(by): count for one, count in connection.execute(wanted)})
