"""Labelled mails: a table whose rows say what a mail is, and mails that carry those rows' ids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.errors import SourceError
from tasks.mailbox.rows import READERS

_YES, _NO = {"1", "true", "yes", "y"}, {"0", "false", "no", "n"}


@dataclass(frozen=True, kw_only=True)
class MailLabel:
    """What is known of a mail; null where the table does not say."""

    category: str
    needs_reply: bool | None = None
    action_items: tuple[str, ...] | None = None


def read_labels(path: Path) -> dict[str, MailLabel]:
    """Labels by the mails' ids, from a `.csv`, `.jsonl` or `.parquet` table.

    It has the columns `id` and `category`, and may have `needs_reply` (yes or no) and `action_items` (a list of texts,
    or JSON for one). Rows without a category are left out.

    Raises:
        SourceError: There is no such table, it lacks a column, or a row cannot be used.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        raise SourceError(f"`{path}` is no table of labels: give a .csv, .jsonl or .parquet file.")
    with path.open("rb") as stream:
        columns = reader.columns(stream)
    if missing := [f"`{name}`" for name in ("id", "category") if name not in columns]:
        raise SourceError(f"`{path}` lacks {' and '.join(missing)}; a table of labels has both.")
    with path.open("rb") as stream:
        cells = [(row.number, row.cells) for row in reader.rows(stream)]
    labels = {str(own["id"]): _label(own, f"`{path}`, row {number}") for number, own in cells if own.get("category")}
    if not labels:
        raise SourceError(f"`{path}` has no row with a category.")
    return labels


def check_categories(labels: Iterable[MailLabel], known: Iterable[str]) -> None:
    """Raise `SourceError` where a label's category is none that mails are sorted into."""
    names = set(known)
    if strange := sorted({label.category for label in labels} - names):
        raise SourceError(f"The labels have {', '.join(strange)}; mails are sorted into {', '.join(sorted(names))}.")


def _label(cells: Mapping[str, Any], where: str) -> MailLabel:
    return MailLabel(
        category=str(cells["category"]).strip().upper(),
        needs_reply=_truth(cells.get("needs_reply"), where),
        action_items=_texts(cells.get("action_items"), where),
    )


def _truth(cell: object, where: str) -> bool | None:
    said = str(cell).strip().lower()
    if said in ("", "none", "nan"):
        return None
    if said not in _YES | _NO:
        raise SourceError(f"{where}: `needs_reply` is yes or no.")
    return said in _YES


def _texts(cell: Any, where: str) -> tuple[str, ...] | None:  # noqa: ANN401  # whatever a table holds
    if cell is None or cell != cell or cell == "":
        return None
    try:
        found = json.loads(cell) if isinstance(cell, str | bytes) else cell
        return tuple(str(one) for one in found)
    except (TypeError, ValueError):
        raise SourceError(f"{where}: `action_items` is no list of texts.") from None
