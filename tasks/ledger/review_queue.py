"""Outcomes most worth a person's look: the least sure, the doubted, and some drawn at random."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Float, func, select

from tasks.ledger.engine import reading
from tasks.ledger.schema import corrections, outcomes

_LOOKED_AT = 5_000
_UNSURE = 0.75


def worth_a_look(engine: Engine, most: int) -> list[dict[str, Any]]:
    """At most so many newest outcomes that nobody corrected yet, each once, with `why_shown`.

    Half are those the model was least sure of, half are drawn at random from the latest 5,000, so that what people say
    of those tells how good all of them are.
    """
    rows = _uncorrected(engine)
    unsure = [row | {"why_shown": f"confidence {row['confidence']:.2f}"} for row in _least_sure(rows)][: most // 2]
    shown = {row["message_key"] for row in unsure}
    with reading(engine) as connection:
        drawn = connection.scalars(_newest().order_by(func.random()).limit(most)).all()
    by_number = {row["number"]: row for row in rows}
    random = [by_number[number] | {"why_shown": "drawn at random"} for number in drawn if number in by_number]
    return [*unsure, *(row for row in random if row["message_key"] not in shown)][:most]


def _least_sure(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = [row for row in rows if row["confidence"] is not None and row["confidence"] < _UNSURE]
    return sorted(known, key=lambda row: float(row["confidence"]))


def _newest() -> Any:  # noqa: ANN401  # SQLAlchemy's own type says nothing that helps
    """Numbers of the newest outcomes that have a category and no correction."""
    o = outcomes.c
    latest = (
        select(func.max(o.number).label("number"))
        .where(o.status == "COMPLETED", o.message_key.not_in(select(corrections.c.message_key)))
        .group_by(o.message_key)
        .order_by(func.max(o.number).desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    return select(latest.c.number)


def _uncorrected(engine: Engine) -> list[dict[str, Any]]:
    o = outcomes.c
    wanted = select(
        o.number, o.message_key, o.category, o.row["confidence"].as_float().cast(Float).label("confidence"),
        o.row["subject"].as_string().label("subject"), o.row["sender"].as_string().label("sender"),
        o.row["summary"].as_string().label("summary"), o.row["reason"].as_string().label("reason"),
    ).where(o.number.in_(_newest()))  # fmt: skip
    with reading(engine) as connection:
        return [row._asdict() for row in connection.execute(wanted)]
