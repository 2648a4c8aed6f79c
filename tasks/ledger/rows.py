"""Many rows written at once, without a look at each of their values: they are what the database takes already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Update

from tasks.ledger.engine import to_json


def write_rows(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute the statement for all rows, whose keys are the same; lists and dictionaries become JSON.

    SQLAlchemy would look at every value again, which costs as much as writing it. `statement` is compiled once, so it
    must be one of few that are kept.
    """
    sql, names, constants = _compiled(statement, connection.dialect, tuple(rows[0]))
    given: Any = [{**constants, **{name: _plain(value) for name, value in row.items()}} for row in rows]
    if names is not None:
        given = [tuple(row[name] for name in names) for row in given]
    connection.exec_driver_sql(sql, given)


@lru_cache(maxsize=64)
def _compiled(
    statement: Insert | Update, dialect: Dialect, columns: tuple[str, ...]
) -> tuple[str, list[str] | None, dict[str, Any]]:
    """The statement in the database's words, its parameters' order where they have no names there, and its own values."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    constants = {name: value for name, value in compiled.params.items() if name not in columns}
    return str(compiled), compiled.positiontup, constants


def _plain(value: Any) -> Any:
    return to_json(value) if isinstance(value, (dict, list)) else value
