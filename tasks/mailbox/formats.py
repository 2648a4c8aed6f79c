"""Recognises the format of a file or an object by its content, and reads it."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.mailbox import archives, stores_of_programs
from tasks.mailbox.blobs import Blob, Format
from tasks.mailbox.members import MEMBER_FORMATS, find_among, read_among
from tasks.mailbox.raw import RawMail

FORMATS: tuple[Format, ...] = (stores_of_programs, archives, *MEMBER_FORMATS)


def find_format(blob: Blob) -> Format | None:
    """Return the format that reads the blob; None where no format does.

    Raises:
        OSError: The blob cannot be read.
    """
    return find_among(blob, FORMATS)


def read_any(blob: Blob, source: str, *, otherwise: Format | None = None) -> Iterator[RawMail]:
    """Yield every mail of a blob, and at least one row; see `members.read_among`."""
    return read_among(blob, source, FORMATS, otherwise=otherwise)
