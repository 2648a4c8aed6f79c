"""Adds a row once to a table: a CSV file, a folder of Parquet files, or a table of a database.

The address decides: `….csv`, `….parquet` (a folder with one file for each row, which readers treat as one table), or a
database's URL with `#table`.
"""

from __future__ import annotations

import csv
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tasks.errors import Misconfigured
from tasks.private_files import make_file, make_folder

Row = dict[str, Any]
"""`effect_id` comes first. Values are strings, numbers, booleans and nulls."""
_TRUTHS = frozenset({"urgent", "reply_wanted", "sender_verified"})
_NUMBERS = frozenset({"confidence"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_row(address: str, row: Row) -> bool:
    """Add the row unless the table has its `effect_id` already; return whether it was added."""
    if address.endswith(".csv"):
        return _add_to_csv(Path(address), row)
    if address.endswith(".parquet"):
        return _add_to_parquet(Path(address), row)
    return _add_to_sql(address, row)


def has_row(address: str, effect_id: str) -> bool:
    """Whether the table has the row of this effect."""
    if address.endswith(".csv"):
        with _locked(Path(address)) as file:
            return _csv_has(file, effect_id)
    if address.endswith(".parquet"):
        return _parquet_file(Path(address), effect_id).exists()
    engine, table = _sql_table(address, {"effect_id": ""})
    if not sa.inspect(engine).has_table(table.name):
        return False
    with engine.begin() as connection:
        wanted = sa.select(table.c.effect_id).where(table.c.effect_id == effect_id)
        return connection.execute(wanted).first() is not None


def _add_to_csv(path: Path, row: Row) -> bool:
    with _locked(path) as file:
        if _csv_has(file, row["effect_id"]):
            return False
        file.seek(0, os.SEEK_END)
        writer = csv.DictWriter(file, list(row))
        if file.tell() == 0:
            writer.writeheader()
        writer.writerow({name: _safe_cell(value) for name, value in row.items()})
        file.flush()
        os.fsync(file.fileno())
    return True


@contextmanager
def _locked(path: Path) -> Iterator[IO[str]]:
    """The file, locked. A partial last line, left by a writer that died, is removed."""
    make_folder(path.parent)
    if not path.exists():
        make_file(path)
    with path.open("a+", newline="", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            file.truncate(len(whole.encode()))
        yield file


def _csv_has(file: IO[str], effect_id: str) -> bool:
    file.seek(0)
    return any(line.startswith(effect_id) for line in file)


def _safe_cell(value: object) -> object:
    # Spreadsheets run text that looks like a formula (OWASP, CSV injection). Line breaks are replaced, so that each row
    # is one line and a partial row can be recognised.
    text = " ".join(value.splitlines()) if isinstance(value, str) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


def _parquet_file(folder: Path, effect_id: str) -> Path:
    return folder / f"{effect_id}.parquet"


def _add_to_parquet(folder: Path, row: Row) -> bool:
    path = _parquet_file(folder, row["effect_id"])
    if path.exists():
        return False
    make_folder(folder)
    part = path.with_suffix(".part")
    make_file(part)
    pd.DataFrame([row]).astype({name: _dtype(name) for name in row}).to_parquet(part)
    part.replace(path)
    return True


def _dtype(name: str) -> str:
    # The type depends on the column's name: with the value's type, a null would make rows incompatible.
    return "boolean" if name in _TRUTHS else "Float64" if name in _NUMBERS else "string"


def _add_to_sql(address: str, row: Row) -> bool:
    engine, table = _sql_table(address, row)
    table.create(engine, checkfirst=True)
    try:
        with engine.begin() as connection:
            connection.execute(sa.insert(table).values(**row))
    except IntegrityError:
        return False
    return True


def _sql_table(address: str, row: Row) -> tuple[sa.Engine, sa.Table]:
    """The database's engine, and the table's definition for this row."""
    url, mark, name = address.partition("#")
    if not mark or not name or "://" not in url:
        raise Misconfigured(
            f"MAILROOM_TABLES: `{address.partition('@')[0][:40]}…` is neither a .csv, "
            "a .parquet nor a URL with `#table`."
        )
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    table = sa.Table(name, sa.MetaData(), *(_column(key) for key in row))
    return engine, table


def _column(name: str) -> sa.Column[Any]:
    kind: Any = sa.Boolean() if name in _TRUTHS else sa.Float() if name in _NUMBERS else sa.Text()
    return sa.Column(name, sa.String(64) if name == "effect_id" else kind, primary_key=name == "effect_id")
