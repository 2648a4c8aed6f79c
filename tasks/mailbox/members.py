"""Reads a blob from a folder, an archive or a store: each gives at least one row, whatever it contains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.errors import SourceError
from tasks.mailbox import babyl, emlx, mbox, mmdf, single, stores_of_programs, tables
from tasks.mailbox.blobs import Blob, Format
from tasks.mailbox.raw import RawMail, no_mail

# The formats of members of archives. The first one that claims a blob reads it.
MEMBER_FORMATS: tuple[Format, ...] = (stores_of_programs, tables, emlx, mmdf, babyl, mbox, single)
# Files that systems and archivers add, by their names and by the first bytes of a Mac's file beside each file.
LEFTOVERS = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", ".localized"})
APPLE_DOUBLE = b"\x00\x05\x16\x07"


def find_among(blob: Blob, formats: Sequence[Format]) -> Format | None:
    """Return the one of the formats that reads the blob; None where none does.

    Raises:
        OSError: The blob cannot be read.
    """
    head = blob.head()
    return next((one for one in formats if one.claims(blob, head)), None)


def read_among(
    blob: Blob, source: str, formats: Sequence[Format], *, otherwise: Format | None = None
) -> Iterator[RawMail]:
    """Yield every mail of a blob. A blob without mails gives one row that says so.

    `otherwise` reads blobs that no format claims. Where it is given, a table with other columns is an error, too.
    """
    reader: Format | None = None
    try:
        if is_leftover(blob):
            yield _no_mail(
                blob, source, f"`{blob.name}` was left by a system or an archiver, and is no mail", foreign=True
            )
            return
        reader = find_among(blob, formats) or otherwise
        if reader is not None:
            reader.check(blob)
    except SourceError as error:
        yield _no_mail(blob, source, str(error), foreign=reader is tables and otherwise is None)
    except OSError as error:
        yield _no_mail(blob, source, f"`{blob.name}` cannot be read: {why(error)}")
    else:
        if reader is None:
            yield _no_mail(blob, source, f"`{blob.name}` is neither a mail nor a file of mails", foreign=True)
        else:
            yield from read_guarded(blob, reader, source)


def is_leftover(blob: Blob) -> bool:
    """Return whether a system or an archiver added the file (`__MACOSX/`, `._name`, `.DS_Store`, …)."""
    parts = blob.name.split("/")
    if "__MACOSX" in parts or parts[-1].lower() in LEFTOVERS:
        return True
    return parts[-1].startswith("._") and blob.head().startswith(APPLE_DOUBLE)


def read_guarded(blob: Blob, reader: Format, source: str) -> Iterator[RawMail]:
    """Yield the blob's mails. If reading fails midway, the last row says so."""
    try:
        yield from reader.read(blob, source)
    except OSError as error:
        yield _no_mail(blob, source, f"`{blob.name}` cannot be read to its end: {why(error)}")


def _no_mail(blob: Blob, source: str, problem: str, *, foreign: bool = False) -> RawMail:
    return no_mail(blob.name, source, problem, size_bytes=blob.size_bytes, foreign=foreign)


def why(error: OSError) -> str:
    """Return the system's error message without the path."""
    return error.strerror or type(error).__name__
