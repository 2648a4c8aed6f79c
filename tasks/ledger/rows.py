"""Statements over many rows at once, for both of the ledger's databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Insert, Table, Update
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

KEYS_A_STATEMENT = 500  # SQLite has a limit on parameters


def insert_into(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """An insert in this database's dialect, which supports `on_conflict_do_update` and `on_conflict_do_nothing`."""
    made: postgresql.Insert | sqlite.Insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    return made


def in_batches(things: Iterable[T], most: int = KEYS_A_STATEMENT) -> Iterator[list[T]]:
    """The things in lists of at most `most`, so that one statement can hold each list."""
    everything = list(things)
    for start in range(0, len(everything), most):
        yield everything[start : start + most]


def write_rows(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write the rows and return their number. Rows have the same columns, also those with a default, and JSON as text.

    This skips SQLAlchemy's processing of values, which costs as much as writing them. `statement` has no values of its
    own. Its compiled form is cached, so callers must pass one of few lasting statements.
    """
    sql, order = _compiled(statement, connection.dialect, tuple(rows[0]))
    given: Any = list(map(itemgetter(*order), rows)) if order else rows
    return connection.exec_driver_sql(sql, given).rowcount


@lru_cache(maxsize=64)
def _compiled(statement: Insert | Update, dialect: Dialect, columns: tuple[str, ...]) -> tuple[str, list[str] | None]:
    """The statement as SQL, and the order of its parameters where the database's driver does not name them."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    return str(compiled), compiled.positiontup
