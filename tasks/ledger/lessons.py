"""What the ledger can teach: mails with a category that a model gave or a person said."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from tasks.known import BY_MODEL
from tasks.ledger.corrections import newest_corrections
from tasks.ledger.engine import reading
from tasks.ledger.schema import outcomes, raws


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A mail whose category is known; `person` is empty where a model gave it."""

    message_key: str
    category: str
    needs_reply: bool
    person: str = ""


def read_lessons(engine: Engine, most: int) -> list[Lesson]:
    """The newest so many mails whose bytes are kept, oldest first; what a classifier or a rule said teaches nothing."""
    o = outcomes.c
    newest = (
        select(func.max(o.number).label("number"))
        .where(o.status == "COMPLETED", o.message_key.in_(select(raws.c.message_key)))
        .group_by(o.message_key)
        .order_by(func.max(o.number).desc())
        .limit(most)
        .subquery()
    )
    wanted = select(
        o.message_key, o.category, o.row["needs_reply"].as_boolean().label("needs_reply"),
        o.row["sorted_by"].as_string().label("sorted_by"),
    ).where(o.number.in_(select(newest.c.number))).order_by(o.number)  # fmt: skip
    with reading(engine) as connection:
        rows = connection.execute(wanted).all()
    said = newest_corrections(engine, [row.message_key for row in rows])
    found = []
    for row in rows:
        correction = said.get(row.message_key)
        if correction or row.sorted_by in (None, "", BY_MODEL):
            category = correction.category if correction else row.category
            person = correction.person if correction else ""
            lesson = Lesson(
                message_key=row.message_key, category=category, needs_reply=bool(row.needs_reply), person=person
            )
            found.append(lesson)
    return found
