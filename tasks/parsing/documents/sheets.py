"""XLSX."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time

import openpyxl
from openpyxl import Workbook

from tasks.parsing.documents.archives import check_unpacked
from tasks.parsing.documents.found import Bounds, DocumentContent, bounded_text

MAX_COLUMNS = 200


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the sheets' values, a line a row, cells apart by tabs; formulas as their last computed value."""
    check_unpacked(data, bounds)
    hidden: list[str] = []
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    found = bounded_text(lines(book, hidden), bounds)
    if hidden:
        found.notes.append(f"{len(hidden)} hidden sheets left out")
    return found


def lines(book: Workbook, hidden: list[str]) -> Iterator[str]:
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
            continue
        yield f"[{sheet.title}]"
        columns = min(sheet.max_column or MAX_COLUMNS, MAX_COLUMNS)
        for row in sheet.iter_rows(values_only=True, max_col=columns):
            line = "\t".join(map(cell_text, row)).rstrip("\t")
            if line:
                yield line


def cell_text(value: object) -> str:
    """Return a cell's value as it would be typed."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return " ".join(str(value).split())
