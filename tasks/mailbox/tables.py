"""Mails as rows of a table: `.csv`, `.jsonl` and `.parquet` with the columns id, content, sender and subject."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.compose import compose_mail
from tasks.mailbox.raw import KEPT_BYTES, Origin, RawMail
from tasks.mailbox.rows import READERS, Row

COLUMNS = ("id", "content", "sender", "subject")
LANGUAGE = "target_language"


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether its name is that of a table."""
    return blob.suffix in READERS


def check(blob: Blob) -> None:
    """Check the table.

    Raises:
        SourceError: It is empty or damaged, or lacks a column.
    """
    reader = READERS[blob.suffix]
    with blob.open() as stream:
        try:
            found = reader.columns(stream)
        except ValueError as error:
            raise SourceError(f"`{blob.where}` cannot be read as {blob.suffix}: {error}") from error
    missing = [f"`{name}`" for name in COLUMNS if name not in found]
    if missing:
        has = ", ".join(f"`{name[:40]}`" for name in found[:20]) or "none"
        raise SourceError(
            f"`{blob.where}` lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has {has}"
        )
    with blob.open() as stream:
        if next(reader.rows(stream), None) is None:
            raise SourceError(f"`{blob.where}` is a table without rows")


def count(blob: Blob) -> None:
    """Return None: the whole file would have to be read."""


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Yield every row as a mail, in the table's order."""
    with blob.open() as stream:
        for row in READERS[blob.suffix].rows(stream):
            yield _mail_of(row, blob, source)


def _mail_of(row: Row, blob: Blob, source: str) -> RawMail:
    """Return the row as a mail. A row without an id gets its number as the id."""
    origin = Origin(source=source, mailbox=blob.name)
    source_id = _text(row.cells.get("id")).strip() or f"{blob.name}#{row.number}"
    problem = row.problem or ("" if row.cells.get("content") is not None else f"row {row.number} has no `content`")
    if problem:
        return RawMail(raw=b"", source_id=source_id, origin=origin, problem=f"`{blob.name}`: {problem}")
    language = _text(row.cells.get(LANGUAGE)).strip() or None
    raw = compose_mail(
        content=row.cells["content"] if isinstance(row.cells["content"], bytes) else _text(row.cells["content"]),
        sender=_text(row.cells.get("sender")),
        subject=_text(row.cells.get("subject")),
        source_id=source_id,
        target_language=language,
    )
    return RawMail(
        raw=raw[:KEPT_BYTES], source_id=source_id, origin=origin, target_language=language, size_bytes=len(raw)
    )


def _text(cell: object) -> str:
    if cell is None or cell != cell:  # NaN, a table's other null
        return ""
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
