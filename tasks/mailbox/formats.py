"""What a blob holds, told by what it is; and how any blob is read, whatever it turns out to be."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.errors import SourceError
from tasks.mailbox import archives, mbox, single, tables
from tasks.mailbox.blobs import Blob, Format
from tasks.mailbox.raw import Origin, RawMail

# The first that claims a blob reads it.
FORMATS: tuple[Format, ...] = (archives, tables, mbox, single)


def find_format(blob: Blob) -> Format | None:
    """Return what reads the blob; None where it is nothing that holds mail.

    Raises:
        OSError: The blob cannot be read.
    """
    head = blob.head()
    return next((one for one in FORMATS if one.claims(blob, head)), None)


def read_any(blob: Blob, source: str, *, otherwise: Format | None = None) -> Iterator[RawMail]:
    """Give every mail of a blob found among others, and at least one row: what holds no mail is a row that says so.

    `otherwise` reads what nothing claims; where it is given, a table of something else is a fault, too.
    """
    reader: Format | None = None
    try:
        reader = find_format(blob) or otherwise
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


def read_guarded(blob: Blob, reader: Format, source: str) -> Iterator[RawMail]:
    """Give the blob's mails; where reading breaks off, the last row says so."""
    try:
        yield from reader.read(blob, source)
    except OSError as error:
        yield _no_mail(blob, source, f"`{blob.name}` cannot be read to its end: {why(error)}")


def _no_mail(blob: Blob, source: str, problem: str, *, foreign: bool = False) -> RawMail:
    return no_mail(blob.name, source, problem, size_bytes=blob.size_bytes, foreign=foreign)


def no_mail(name: str, source: str, problem: str, *, size_bytes: int = 0, foreign: bool = False) -> RawMail:
    """Return the row of something that gives no mail."""
    return RawMail(
        raw=b"",
        source_id=name,
        origin=Origin(source=source),
        size_bytes=size_bytes,
        problem=problem,
        foreign=foreign,
    )


def why(error: OSError) -> str:
    """Return what the system said, without the path."""
    return error.strerror or type(error).__name__
