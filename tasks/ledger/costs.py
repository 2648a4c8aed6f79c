"""What each mail cost in a run: requests, tokens and money of every call, including failed and repaired ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, Row, Select, bindparam, case, func, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import in_batches, insert_into
from tasks.ledger.schema import NANO_USD, completions, groups


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What a run sent and paid for one mail. An answer taken from the ledger costs nothing and is not an attempt.

    `cost_usd` is null when one of the calls has an unknown price. `seconds` are those from a call's sending to its end,
    without the wait before it. A call about several mails counts as one attempt for each of them and took as long for
    each; its bill is divided among them equally.
    """

    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    seconds: float = field(default=0.0, compare=False)

    def __add__(self, other: Spending) -> Spending:
        known = self.cost_usd is not None and other.cost_usd is not None
        return Spending(
            attempts=self.attempts + other.attempts,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd if known else None,  # type: ignore[operator]  # known: neither is null
            seconds=self.seconds + other.seconds,
        )


def spending(engine: Engine, run_id: str, keys: Iterable[str]) -> dict[str, Spending]:
    """What this run spent on each of these mails. A mail without a call has 0 attempts and a cost of 0."""
    found = dict.fromkeys(keys, Spending())
    with reading(engine) as connection:
        for some in in_batches(found):
            given = {"run_id": run_id, "keys": some}
            for row in connection.execute(_own(), given).all():
                found[row.message_key] = _whole(row)
            for row in connection.execute(_shared(), given).all():
                found[row.message_key] += _share(row)
    return found


def record_group(engine: Engine, keys: Sequence[str]) -> str:
    """Record that one call asks about all of these mails, so that its bill can be divided; return the group's key."""
    group_key = sha256("\x1f".join(keys).encode()).hexdigest()
    rows = [
        {"group_key": group_key, "position": position, "message_key": key, "size": len(keys)}
        for position, key in enumerate(keys)
    ]
    with engine.begin() as connection:
        connection.execute(insert_into(groups, engine.dialect.name).on_conflict_do_nothing(), rows)
    return group_key


# These statements are built once: building one takes longer than executing it.
@cache
def _own() -> Select[Any]:
    return (
        select(completions.c.message_key, *_figures())
        .where(completions.c.run_id == bindparam("run_id"), _among_keys(completions.c.message_key))
        .group_by(completions.c.message_key)
    )


@cache
def _shared() -> Select[Any]:
    shares = (groups.c.message_key, groups.c.position, groups.c.size)
    return (
        select(*shares, *_figures())
        .join(groups, groups.c.group_key == completions.c.message_key)
        .where(completions.c.run_id == bindparam("run_id"), _among_keys(groups.c.message_key))
        .group_by(*shares, groups.c.group_key)
    )


def _among_keys(column: Column[str]) -> ColumnElement[bool]:
    return column.in_(bindparam("keys", expanding=True))


def _figures() -> list[Any]:
    # A call without an end has no price yet: its process died, or still waits for the answer.
    unknown = case((completions.c.price_nusd.is_(None) & (completions.c.state != "begun"), 1), else_=0)
    return [
        func.count().label("calls"),
        func.sum(completions.c.input_tokens).label("input_tokens"),
        func.sum(completions.c.output_tokens).label("output_tokens"),
        func.coalesce(func.sum(completions.c.price_nusd), 0).label("nusd"),
        func.sum(unknown).label("unknown"),
        func.coalesce(func.sum(completions.c.ended_at - completions.c.begun_at), 0.0).label("seconds"),
    ]


def _whole(row: Row[Any]) -> Spending:
    return Spending(
        attempts=row.calls,
        input_tokens=int(row.input_tokens),
        output_tokens=int(row.output_tokens),
        cost_usd=None if row.unknown else Decimal(int(row.nusd)) / NANO_USD,
        seconds=float(row.seconds),
    )


def _share(row: Row[Any]) -> Spending:
    """One mail's part of a group's calls. The parts add up to the whole: the first mails get what is left over."""

    def part(total: int) -> int:
        each, left = divmod(int(total), int(row.size))
        return each + int(row.position < left)

    return replace(
        _whole(row),
        input_tokens=part(row.input_tokens),
        output_tokens=part(row.output_tokens),
        cost_usd=None if row.unknown else Decimal(part(row.nusd)) / NANO_USD,
    )
