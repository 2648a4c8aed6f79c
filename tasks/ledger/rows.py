"""Writing and looking for many rows at once, in whichever database the ledger is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Insert, Table, Update
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

KEYS_A_STATEMENT = 500  # SQLite takes a bounded number of parameters


def insert_into(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what becomes of a row that is there already, as this database words it."""
    made: postgresql.Insert | sqlite.Insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    return made


def in_batches(things: Iterable[T], most: int = KEYS_A_STATEMENT) -> Iterator[list[T]]:
    """The things in lists that one statement can take."""
    everything = list(things)
    for start in range(0, len(everything), most):
        yield everything[start : start + most]


def write_rows(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> int:
    """How many rows were written; they have the same columns, those with a default among them, and JSON as text.

    SQLAlchemy would look at every value again, which costs as much as writing it. `statement` is compiled once, so it
    must be one of few that are kept; it has no values of its own.
    """
    sql, order = _compiled(statement, connection.dialect, tuple(rows[0]))
    given: Any = list(map(itemgetter(*order), rows)) if order else rows
    return connection.exec_driver_sql(sql, given).rowcount


@lru_cache(maxsize=64)
def _compiled(statement: Insert | Update, dialect: Dialect, columns: tuple[str, ...]) -> tuple[str, list[str] | None]:
    """The statement in the database's words, and its parameters' order where they have no names there."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    return str(compiled), compiled.positiontup
