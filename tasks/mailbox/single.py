"""A file that is one mail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.raw import Origin, RawMail, read_kept

SUFFIXES = frozenset({".eml", ".raw", ".msg", ".oft"})

# A header field, perhaps after a From_ line (RFC 5322, 2.2): printable characters except the colon. Names must begin
# with a letter or a digit and must not be `https://`, so that JSON and lists of links do not match.
HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:>?From [^\r\n]*[\r\n]+)?[A-Za-z0-9][!-9;-~]{0,75}[ \t]*:(?!//)")
# A mail saved by Outlook, which the parser reads. Other programs' files in that container have other names.
OLE = b"\xd0\xcf\x11\xe0"


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether it begins like a mail, or has the name of one."""
    outlook = head.startswith(OLE) and not blob.suffix
    return blob.suffix in SUFFIXES or outlook or HEADER.match(head) is not None


def check(blob: Blob) -> None:
    """Raise `SourceError` when there is nothing in it."""
    if blob.size_bytes == 0:
        raise SourceError(f"`{blob.where}` is an empty file")


def count(blob: Blob) -> int:
    """Return 1."""
    return 1


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Yield the one mail."""
    with blob.open() as stream:
        raw, size = read_kept(stream)
    yield RawMail(raw=raw, source_id=blob.name, origin=Origin(source=source), size_bytes=size)
