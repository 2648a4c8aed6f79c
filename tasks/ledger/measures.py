"""Sums over the ledger's rows, for metrics. They are integers, so that the sums of deleted rows can be added exactly.

A measure covers all present rows and all deleted ones: `fold` adds rows to `totals` just before they are deleted, in
the same transaction, so that a counter never falls.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, and_, case, cast, func, select, true

from tasks.known import BY_MODEL, BY_RULE
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import completions, corrections, outcomes, sampled_answers, totals

BUCKETS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")

Labels = tuple[str, ...]
Reading = dict[Labels, Counter[str]]
"""A measure's result: by the values of its labels, each of its sums by name."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Sums over a table's rows, by some of its columns."""

    name: str
    table: Table
    labels: tuple[ColumnElement[str], ...]
    sums: Mapping[str, ColumnElement[int]]
    where: ColumnElement[bool] = field(default_factory=true)


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


MAILS = Measure(
    name="mails",
    table=outcomes,
    labels=(outcomes.c.status,),
    sums={
        "mails": func.count(),
        "milliseconds": func.sum(cast(func.round(outcomes.c.seconds * 1_000), BigInteger)),
        "cached_calls": func.sum(outcomes.c.row["cached_calls"].as_integer()),
        **{f"within {limit}": _how_many(outcomes.c.seconds <= limit) for limit in BUCKETS_S},
    },
)
SORTED = Measure(
    name="sorted",
    table=outcomes,
    labels=(outcomes.c.category,),
    sums={"mails": func.count()},
    where=outcomes.c.category.is_not(None),
)
_SORTED_BY = func.coalesce(outcomes.c.row["sorted_by"].as_string(), "")
SORTERS = (BY_MODEL, "classifier", BY_RULE, "correction")
"""Who gave a category, by the first word of `sorted_by`."""
SORTED_BY = Measure(
    name="sorted by",
    table=outcomes,
    labels=(case(*((_SORTED_BY.startswith(one), one) for one in SORTERS), else_=BY_MODEL).label("by"),),
    sums={"mails": func.count()},
    where=outcomes.c.category.is_not(None),
)
SAID = Measure(
    name="said",
    table=corrections,
    labels=(corrections.c.way,),
    sums={
        "confirmed": _how_many(corrections.c.category == corrections.c.was),
        "changed": _how_many(corrections.c.category != corrections.c.was),
    },
)
SAMPLED = Measure(
    name="sampled",
    table=sampled_answers,
    labels=(),
    sums={
        "agreed": _how_many(sampled_answers.c.said == sampled_answers.c.model_said),
        "differed": _how_many(sampled_answers.c.said != sampled_answers.c.model_said),
    },
)
CALLS = Measure(
    name="calls",
    table=completions,
    labels=(completions.c.provider, completions.c.model),
    sums={
        "calls": func.count(),
        "retries": func.count() - func.count((completions.c.run_id + completions.c.key).distinct()),
        "price_nusd": func.coalesce(func.sum(completions.c.price_nusd), 0),
        "unpriced": _how_many(and_(completions.c.state != "begun", completions.c.price_nusd.is_(None))),
        **{name: func.sum(cast(completions.c[name], BigInteger)) for name in TOKENS},
    },
)
FAULTS = Measure(
    name="faults",
    table=completions,
    labels=(completions.c.provider, completions.c.model, completions.c.error_code),
    sums={"calls": func.count()},
    where=completions.c.state == "failed",
)
MEASURES = (MAILS, SORTED, SORTED_BY, SAID, SAMPLED, CALLS, FAULTS)


def read_measure(connection: Connection, measure: Measure) -> Reading:
    """The measure over all rows, including deleted ones."""
    reading = _over(connection, measure, true())
    for row in connection.execute(select(totals).where(totals.c.measure == measure.name)):
        reading.setdefault(tuple(json.loads(row.labels)), Counter())[row.name] += row.value
    return reading


def fold(connection: Connection, table: Table, rows: ColumnElement[bool]) -> None:
    """Add these rows of the table to the totals. The caller must delete the same rows in the same transaction."""
    sums = [
        {"measure": measure.name, "labels": json.dumps(labels), "name": name, "value": value}
        for measure in MEASURES
        if measure.table is table
        for labels, values in _over(connection, measure, rows).items()
        for name, value in values.items()
        if value
    ]
    if not sums:
        return
    insert = insert_into(totals, connection.dialect.name)
    added = insert.on_conflict_do_update(
        index_elements=["measure", "labels", "name"], set_={"value": totals.c.value + insert.excluded.value}
    )
    connection.execute(added, sums)


def _over(connection: Connection, measure: Measure, rows: ColumnElement[bool]) -> Reading:
    sums = [value.label(f"sum_{number}") for number, value in enumerate(measure.sums.values())]
    asked = select(*measure.labels, *sums).where(measure.where, rows).group_by(*measure.labels)
    width = len(measure.labels)
    return {
        tuple(str(label) for label in row[:width]): Counter(
            {name: int(value or 0) for name, value in zip(measure.sums, row[width:], strict=True)}
        )
        for row in connection.execute(asked)
    }
