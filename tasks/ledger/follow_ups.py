"""What is to be followed up: questions of ours that nobody answered, and action items that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, and_, func, select

from tasks.ledger.engine import reading
from tasks.ledger.messages import insert_new
from tasks.ledger.schema import asked, outcomes, thread_mails

DAY_S = 86_400.0
_MOST = 200


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """A question in a mail of ours; `at` is when the mail was written, in UTC seconds."""

    mail: str
    at: float
    whom: str
    subject: str
    question: str


@dataclass(frozen=True, kw_only=True)
class DueItem:
    """An action item of a mail with the day it is due (ISO 8601); `owner` is empty where the mail names nobody."""

    mail: str
    due: str
    owner: str
    text: str
    subject: str
    sender: str


def record_questions(engine: Engine, questions: Sequence[AskedQuestion]) -> None:
    """Write down what we asked; what is known stays as it is."""
    if questions:
        with engine.begin() as connection:
            insert_new(connection, asked, [vars(one) for one in questions])


def open_questions(engine: Engine, *, after: float, before: float) -> list[AskedQuestion]:
    """What we asked in that time and nobody else wrote after in the conversation, the oldest first."""
    own, other = thread_mails.alias("own"), thread_mails.alias("other")
    answered = select(other.c.mail).where(
        other.c.thread == own.c.thread, other.c.at > own.c.at, other.c.from_us.is_(False)
    )
    wanted = (
        select(asked)
        .join(own, own.c.mail == asked.c.mail)
        .where(asked.c.at >= after, asked.c.at < before, ~answered.exists())
        .order_by(asked.c.at)
        .limit(_MOST)
    )
    with reading(engine) as connection:
        return [AskedQuestion(**row._asdict()) for row in connection.execute(wanted)]


def due_items(engine: Engine, *, since: float, until_day: str) -> list[DueItem]:
    """Action items due by that day (ISO 8601) of mails processed since, but for mails that we wrote after."""
    newest = (
        select(func.max(outcomes.c.number))
        .where(outcomes.c.status == "COMPLETED", outcomes.c.processed_at >= since)
        .group_by(outcomes.c.message_key)
    )
    own, later = thread_mails.alias("own"), thread_mails.alias("later")
    answered = (
        select(own.c.mail)
        .join(later, and_(later.c.thread == own.c.thread, later.c.at > own.c.at, later.c.from_us))
        .where(own.c.mail == outcomes.c.message_key)
    )
    row = outcomes.c.row
    wanted = select(
        outcomes.c.message_key, row["action_items"].label("items"), row["subject"].as_string(),
        row["sender"].as_string(),
    ).where(outcomes.c.number.in_(newest), ~answered.exists())  # fmt: skip
    with reading(engine) as connection:
        found = [item for key, *told in connection.execute(wanted) for item in _items(key, *told)]
    return sorted((one for one in found if one.due[:10] <= until_day), key=lambda one: one.due)[:_MOST]


def _items(key: str, items: list[dict[str, Any]] | None, subject: str, sender: str) -> list[DueItem]:
    return [
        DueItem(
            mail=key, due=str(item["due"]), owner=str(item.get("owner") or ""), text=str(item["text"]),
            subject=subject, sender=sender,
        )
        for item in items or [] if item.get("due")
    ]  # fmt: skip
