"""A run's outcomes as files: JSON Lines, CSV and Parquet, written window by window and named only when complete."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.frames import Outcomes
from tasks.private_files import OWNER_ONLY, make_file, make_folder

NAMES = ("outcomes.jsonl", "outcomes.csv", "outcomes.parquet")
# Lists of records have no fixed columns. In tables they are JSON, as in outcomes.jsonl.
_TYPES = {"bool": pa.bool_(), "int64": pa.int64(), "float64": pa.float64()}
# Spreadsheets treat a cell that begins so as a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class OutcomeFiles:
    """Files in `folder`. They are called `….part` until the block ends without an error; then they get their names.

    `mode` are the files' permissions.
    """

    def __init__(self, folder: Path, mode: int = OWNER_ONLY) -> None:
        self.folder = folder
        self._mode = mode
        self._schema = pa.schema([(name, _arrow_type(name)) for name in Outcomes.names()])

    def __enter__(self) -> Self:
        make_folder(self.folder, self._mode)
        for name in NAMES:
            make_file(self._part(name), self._mode)
        self._lines = self._part(NAMES[0]).open("wb")
        self._csv = self._part(NAMES[1]).open("w", encoding="utf-8", newline="")
        self._table = csv.writer(self._csv)
        self._table.writerow(Outcomes.names())
        self._parquet = pq.ParquetWriter(self._part(NAMES[2]), self._schema)
        return self

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Append these outcome rows."""
        if not rows:
            return
        ordered = [{name: row[name] for name in Outcomes.names()} for row in rows]
        self._lines.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in ordered)
        flat = [{name: _flat(value) for name, value in row.items()} for row in ordered]
        self._table.writerows([_safe_cell(value) for value in row.values()] for row in flat)
        self._parquet.write_table(pa.Table.from_pylist(flat, schema=self._schema))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._csv.close()
        self._parquet.close()
        if kind is None:
            for name in NAMES:
                self._part(name).replace(self.folder / name)

    def _part(self, name: str) -> Path:
        return self.folder / f"{name}.part"


def _arrow_type(name: str) -> pa.DataType:
    return _TYPES.get(str(Outcomes.to_schema().columns[name].dtype), pa.string())


def _flat(value: object) -> object:
    return orjson.dumps(value).decode() if isinstance(value, (list, dict)) else value


def _safe_cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
