"""How a blob that lies among others is read: every one gives at least one row, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.errors import SourceError
from tasks.mailbox import babyl, emlx, mbox, mmdf, single, stores_of_programs, tables
from tasks.mailbox.blobs import Blob, Format
from tasks.mailbox.raw import RawMail, no_mail

# What a member of an archive may be. The first format that claims a blob reads it.
MEMBER_FORMATS: tuple[Format, ...] = (stores_of_programs, tables, emlx, mmdf, babyl, mbox, single)
# What systems and archivers leave beside the mails, by name and by the first bytes of what a Mac puts beside each file.
LEFTOVERS = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", ".localized"})
APPLE_DOUBLE = b"\x00\x05\x16\x07"


def find_among(blob: Blob, formats: Sequence[Format]) -> Format | None:
    """Return which of the formats reads the blob; None where it is nothing that holds mail.

    Raises:
        OSError: The blob cannot be read.
    """
    head = blob.head()
    return next((one for one in formats if one.claims(blob, head)), None)


def read_among(
    blob: Blob, source: str, formats: Sequence[Format], *, otherwise: Format | None = None
) -> Iterator[RawMail]:
    """Give every mail of a blob, and at least one row: what holds no mail is a row that says so.

    `otherwise` reads what nothing claims; where it is given, a table of something else is a fault, too.
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
    """Return whether a system or an archiver made the file for itself (`__MACOSX/`, `._name`, `.DS_Store`, …)."""
    parts = blob.name.split("/")
    if "__MACOSX" in parts or parts[-1].lower() in LEFTOVERS:
        return True
    return parts[-1].startswith("._") and blob.head().startswith(APPLE_DOUBLE)


def read_guarded(blob: Blob, reader: Format, source: str) -> Iterator[RawMail]:
    """Give the blob's mails; where reading breaks off, the last row says so."""
    try:
        yield from reader.read(blob, source)
    except OSError as error:
        yield _no_mail(blob, source, f"`{blob.name}` cannot be read to its end: {why(error)}")


def _no_mail(blob: Blob, source: str, problem: str, *, foreign: bool = False) -> RawMail:
    return no_mail(blob.name, source, problem, size_bytes=blob.size_bytes, foreign=foreign)


def why(error: OSError) -> str:
    """Return what the system said, without the path."""
    return error.strerror or type(error).__name__
