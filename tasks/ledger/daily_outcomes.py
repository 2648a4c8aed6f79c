"""The newest outcome of each mail of the last days, for the digest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, func, select

from tasks.ledger.engine import reading
from tasks.ledger.schema import NANO_USD, effects, outcomes
from tasks.ledger.thread_replies import REPLIES


def outcomes_since(engine: Engine, since: float) -> list[dict[str, Any]]:
    """One row for each mail processed at or after `since` (UTC seconds), with its newest outcome, oldest first.

    Columns: `message_key`, `processed_at` (UTC seconds), `status`, `category`, `error_type`, `provider`, `cost_usd` (of
    that outcome's run; null when a price is unknown), `simulated`, `urgent`, `reply_wanted`, `answered` (a reply was
    drafted or sent), `subject`, `sender`, `doubts` (a list).
    """
    newest = (
        select(func.max(outcomes.c.number))
        .where(outcomes.c.status != "SKIPPED", outcomes.c.processed_at >= since)
        .group_by(outcomes.c.message_key)
    )
    # Selected once and joined: with a subquery for each mail, SQLite would scan all finished effects each time.
    answered = (
        select(effects.c.message_key)
        .where(effects.c.action.in_(REPLIES), effects.c.state == "done")
        .distinct()
        .subquery()
    )
    o = outcomes.c
    wanted = (
        select(
            o.message_key, o.processed_at, o.status, o.category, o.error_type, o.provider, o.price_nusd,
            o.row["simulated"].as_boolean().label("simulated"), o.row["urgent"].as_boolean().label("urgent"),
            o.row["reply_wanted"].as_boolean().label("reply_wanted"),
            answered.c.message_key.is_not(None).label("answered"),
            o.row["subject"].as_string().label("subject"), o.row["sender"].as_string().label("sender"),
            o.row["doubts"].as_json().label("doubts"),
        )
        .select_from(outcomes)
        .outerjoin(answered, answered.c.message_key == o.message_key)
        .where(o.number.in_(newest))
        .order_by(o.number)
    )  # fmt: skip
    with reading(engine) as connection:
        rows = [row._asdict() for row in connection.execute(wanted)]
    for row in rows:
        price = row.pop("price_nusd")
        row["cost_usd"] = None if price is None else price / NANO_USD
    return rows
