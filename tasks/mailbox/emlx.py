"""`.emlx`, Apple Mail's format: the mail's length in bytes, the mail, and a property list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.lines import BOM
from tasks.mailbox.raw import Origin, RawMail, read_kept

SUFFIX = ".emlx"
LENGTH = re.compile(rb"[ \t]*(\d{1,12})[ \t]*\r?\n")
LIST_START = b'<?xml version="1.0"'
ELSEWHERE = "Apple Mail keeps this mail's attachments in other files; they are not read"


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether its name ends in .emlx, or it begins with a length and a header."""
    found = LENGTH.match(head)
    begins_so = found is not None and re.match(rb"[A-Za-z][A-Za-z-]*:", head[found.end() :]) is not None
    return blob.suffix == SUFFIX or (not blob.suffix and begins_so)


def check(blob: Blob) -> None:
    """Raise `SourceError` when there is nothing in it."""
    if blob.size_bytes == 0:
        raise SourceError(f"`{blob.where}` is an empty file")


def count(blob: Blob) -> int:
    """Return 1."""
    return 1


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Yield the one mail, without Apple Mail's property list."""
    with blob.open() as stream:
        kept, size = read_kept(stream)
    raw = mail_in(kept.removeprefix(BOM))
    yield RawMail(
        raw=raw,
        source_id=blob.name,
        origin=Origin(source=source),
        size_bytes=size if size > len(kept) else len(raw),
        defects=(ELSEWHERE,) if blob.name.lower().endswith(".partial.emlx") else (),
    )


def mail_in(data: bytes) -> bytes:
    """Return the mail in a file. If the length is wrong, the mail ends at the property list."""
    stated = LENGTH.match(data)
    if not stated:
        return data
    start, length = stated.end(), int(stated[1])
    behind = data[start + length :].lstrip()
    if start + length <= len(data) and (not behind or behind.startswith(b"<?xml")):
        return data[start : start + length]
    end = data.rfind(LIST_START, start)
    return data[start:end] if end > 0 else data[start:]
