"""Reads rows of a table file, a few at a time. Column names are compared without case and surrounding blanks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.mailbox.raw import KEPT_BYTES

DELIMITERS = ",;\t|"
BATCH_ROWS = 64
# Arrow also raises OSError where the file's structure is broken.
UNREADABLE = (pa.ArrowException, OSError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row. `number` counts from 1; `problem` says why `cells` are missing."""

    number: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TableReader:
    """The reader of one kind of table file. Both functions raise ValueError if the file is not of that kind."""

    columns: Callable[[BinaryIO], list[str]]
    rows: Callable[[BinaryIO], Iterator[Row]]


def csv_columns(stream: BinaryIO) -> list[str]:
    """Return the names in the first line."""
    try:
        return next(_csv_records(stream), [])
    except csv.Error as error:
        raise ValueError(str(error)) from error


def csv_rows(stream: BinaryIO) -> Iterator[Row]:
    """Yield the rows below the first line. A short row lacks its last cells."""
    records = _csv_records(stream)
    names = next(records, [])
    number = 0
    try:
        for number, record in enumerate(records, 1):
            if any(record):
                yield Row(number=number, cells=dict(zip(names, map(_repaired, record), strict=False)))
    except (csv.Error, UnicodeError) as error:
        # A quote that is never closed extends to the end of the file, so no row follows.
        yield Row(number=number + 1, problem=f"row {number + 1} and what follows cannot be read: {error}")


def jsonl_columns(stream: BinaryIO) -> list[str]:
    """Return the names in the first object."""
    first = next(jsonl_rows(stream), None)
    if first is not None and first.problem:
        raise ValueError(first.problem)
    return list(first.cells) if first else []


def jsonl_rows(stream: BinaryIO) -> Iterator[Row]:
    """Yield one row for each line. A line without an object is a row with a problem."""
    for number, line in enumerate(_lines(stream), 1):
        if len(line) > KEPT_BYTES:
            yield Row(number=number, problem=f"line {number} is longer than {KEPT_BYTES:,} bytes")
        elif line.strip():
            yield _json_row(number, line)


def parquet_columns(stream: BinaryIO) -> list[str]:
    """Return the names in the file's schema."""
    return [_plain(name) for name in _parquet(stream).schema_arrow.names]


def parquet_rows(stream: BinaryIO) -> Iterator[Row]:
    """Yield the rows, read in small batches."""
    file = _parquet(stream)
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            for cells in batch.to_pylist():
                number += 1
                yield Row(number=number, cells={_plain(name): cell for name, cell in cells.items()})
    except UNREADABLE:
        yield Row(number=number + 1, problem=f"row {number + 1} and what follows cannot be read: the file is damaged")


READERS: Mapping[str, TableReader] = {
    ".csv": TableReader(csv_columns, csv_rows),
    ".jsonl": TableReader(jsonl_columns, jsonl_rows),
    ".parquet": TableReader(parquet_columns, parquet_rows),
}


def _plain(name: str) -> str:
    return name.strip().casefold()


def _csv_records(stream: BinaryIO) -> Iterator[list[str]]:
    """Yield the records; the first one has normalised column names."""
    # The limit applies to the whole process. A mail's text may be longer than the default of 128 kB.
    csv.field_size_limit(KEPT_BYTES)
    with io.TextIOWrapper(stream, _unicode(stream), "surrogateescape", newline="") as text:
        first = text.readline(1 << 16)
        delimiter = max(DELIMITERS, key=first.count)
        text.seek(0)
        records = csv.reader(text, delimiter=delimiter)
        yield [_plain(name) for name in next(records, [])]
        yield from records


def _unicode(stream: BinaryIO) -> str:
    start = stream.read(2)
    stream.seek(0)
    return "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _repaired(cell: str) -> str:
    """Return a cell as text. One that is not UTF-8 is read as Windows-1252, which spreadsheets write."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return cell.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return cell


def _json_row(number: int, line: bytes) -> Row:
    try:
        value = json.loads(line.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return Row(number=number, problem=f"line {number} is no JSON object")
    return Row(number=number, cells={_plain(name): cell for name, cell in value.items()})


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines. Of a line longer than `KEPT_BYTES`, the first `KEPT_BYTES` + 1 bytes are given."""
    while line := stream.readline(KEPT_BYTES + 1):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(1 << 20)):
            pass
        yield line


def _parquet(stream: BinaryIO) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(stream, pre_buffer=False)
    except UNREADABLE as error:
        raise ValueError("it is no Parquet file, or a damaged one") from error
