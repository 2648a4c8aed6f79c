"""The cost book: what was asked and paid, summed by day, model, question, category or deployment.

Failed calls that were billed are in it; a price that is unknown is counted and never taken as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, Engine, Integer, Row, Select, and_, case, cast, func, select
from sqlalchemy.sql.elements import ColumnElement

from tasks.ledger.engine import reading
from tasks.ledger.schema import NANO_USD, completions, groups, outcomes, runs

Dimension = Literal["day", "model", "question", "category", "deployment"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
BY_HAND = "(by hand)"
UNSORTED = "(unsorted)"
"""The line of calls about mails that have no category, because they failed or are in progress."""


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One line of the book; `input_tokens` includes `cache_read_tokens` and `cache_write_tokens`."""

    name: str
    calls: int = 0
    failed: int = 0
    unended: int = 0
    """Calls without a recorded end: they are in flight, or their process died. They may have been billed."""
    simulated: int = 0
    unpriced: int = 0
    """Calls that are not in `nano_usd`, because the price of their model is unknown."""
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    nano_usd: int = 0

    @property
    def usd(self) -> Decimal:
        """US dollars of the calls whose price is known, exact."""
        return Decimal(self.nano_usd) / NANO_USD

    def __add__(self, other: CostLine) -> CostLine:
        return CostLine(name=self.name, **{name: getattr(self, name) + getattr(other, name) for name in _FIGURES})


_FIGURES = tuple(field.name for field in fields(CostLine) if field.name != "name")


def cost_book(engine: Engine, by: Dimension, *, since: float = 0, until: float = 1e12) -> list[CostLine]:
    """A line for each value of `by`: days in order, other values by falling cost.

    `since` and `until` are UTC seconds and are compared with the ends of calls.
    """
    window = (_when() >= since, _when() < until)
    with reading(engine) as connection:
        wanted = _by_category(window) if by == "category" else _by_column(by, engine, window)
        lines = [_line(row) for row in connection.execute(wanted)]
    if by == "day":
        lines = [replace(line, name=_date(int(line.name))) for line in lines]
        return sorted(lines, key=lambda line: line.name)
    return sorted(lines, key=lambda line: (-line.nano_usd, -line.calls, line.name))


def total(lines: Sequence[CostLine]) -> CostLine:
    """The sum of all lines."""
    return sum(lines, CostLine(name="total"))


def _by_column(by: Dimension, engine: Engine, window: Sequence[ColumnElement[bool]]) -> Select[Any]:
    name = _name(by, engine)
    wanted = select(name.label("name"), *_sums()).where(*window).group_by(name)
    return wanted.outerjoin(runs, runs.c.run_id == completions.c.run_id) if by == "deployment" else wanted


def _by_category(window: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Sums each mail's calls under its latest category. A call about several mails is shared by their categories."""
    asked = select(completions.c.message_key, *_sums()).where(*window).group_by(completions.c.message_key).subquery()
    key = func.coalesce(groups.c.message_key, asked.c.message_key)
    parts = [func.sum(_part(name, asked.c[name])).label(name) for name in _FIGURES]
    return (
        select(_CATEGORY.label("name"), *parts)
        .select_from(asked)
        .outerjoin(groups, groups.c.group_key == asked.c.message_key)
        .outerjoin(outcomes, _is_latest_of(key))
        .group_by("name")
    )


_CATEGORY = func.coalesce(outcomes.c.category, UNSORTED)


def _is_latest_of(key: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a row of `outcomes` is the latest of its mail; the query reads only that mail's rows."""
    others = outcomes.alias()
    latest = select(func.max(others.c.number)).where(others.c.message_key == key, others.c.status != "SKIPPED")
    return and_(outcomes.c.message_key == key, outcomes.c.number == latest.scalar_subquery())


def _part(name: str, whole: ColumnElement[int]) -> ColumnElement[int]:
    """One mail's part of its own calls or of a group's. The first mail gets what is left over, so that parts add up."""
    position, size = func.coalesce(groups.c.position, 0), func.coalesce(groups.c.size, 1)
    if name in ("calls", "failed", "unended", "simulated", "unpriced"):
        return case((position == 0, whole), else_=0)
    exact = cast(whole, BigInteger)
    return exact // size + case((position < exact % size, 1), else_=0)


def _line(row: Row[Any]) -> CostLine:
    return CostLine(name=str(row.name), **{name: int(getattr(row, name)) for name in _FIGURES})


def _sums() -> list[Any]:
    def count(what: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((what, 1), else_=0)), 0)

    table = completions.c
    figures: dict[str, ColumnElement[int]] = {
        "calls": func.count(),
        "failed": count(table.state == "failed"),
        "unended": count(table.state == "begun"),
        "simulated": count(table.simulated.is_(True)),
        "unpriced": count(table.price_nusd.is_(None) & (table.state != "begun")),
        "nano_usd": func.coalesce(func.sum(table.price_nusd), 0),
    }
    sums = {name: func.coalesce(func.sum(table[name]), 0) for name in _FIGURES if name in table}
    return [(sums | figures)[name].label(name) for name in _FIGURES]


def _when() -> ColumnElement[float]:
    return func.coalesce(completions.c.ended_at, completions.c.begun_at)


def _name(by: Dimension, engine: Engine) -> ColumnElement[Any]:
    if by == "day":
        return _day(engine)
    if by == "model":
        return completions.c.provider + ":" + func.coalesce(completions.c.answered_by, completions.c.model)
    if by == "question":
        return completions.c.question
    return func.coalesce(func.nullif(runs.c.deployment, ""), func.nullif(runs.c.flow, "") + " " + BY_HAND, BY_HAND)


def _day(engine: Engine) -> ColumnElement[int]:
    # A cast to an integer truncates in SQLite and rounds in PostgreSQL, and not every SQLite has `floor`.
    seconds = func.floor(_when()) if engine.dialect.name == "postgresql" else _when()
    return cast(seconds, Integer) // 86_400


def _date(days: int) -> str:
    return f"{datetime.fromtimestamp(days * 86_400, UTC):%Y-%m-%d}"


def remarks(line: CostLine) -> str:
    """Sentences that qualify the sum: unknown prices, calls without a recorded end, answers of a simulator."""
    said = []
    if line.unpriced:
        said.append(f"{line.unpriced:,} calls have a model of unknown price and are not in the sum")
    if line.unended:
        said.append(f"{line.unended:,} calls have no recorded end and may have been billed")
    if line.simulated:
        said.append(f"{line.simulated:,} calls were answered by a simulator, at the prices of the models it stood for")
    return "; ".join(said)
