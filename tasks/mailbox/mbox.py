"""Many mails in one file, each after a line `From …` (RFC 4155, and its looser relatives); read as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from tasks.errors import SourceError
from tasks.mailbox.blobs import HEAD_BYTES, Blob
from tasks.mailbox.raw import KEPT_BYTES, Origin, RawMail
from tasks.mailbox.single import SUFFIXES as SINGLE_SUFFIXES

SUFFIXES = frozenset({".mbox", ".mbx"})
LINE_BYTES = 1 << 16
END = (b"", False)

# `From someone Fri Nov 13 10:00:00 2026`, in any order and with any zone: a clock and a year make it a separator.
DATED = re.compile(rb"From (?=.*\b\d{1,2}:\d\d)(?=.*\b(?:19|20)\d\d\b)")
FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
QUOTED = re.compile(rb">+From ")


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether it begins with a dated From_ line, or is called an mbox; a file called .eml is one mail."""
    return blob.suffix in SUFFIXES or (blob.suffix not in SINGLE_SUFFIXES and DATED.match(head.lstrip()) is not None)


def check(blob: Blob) -> None:
    """Raise `SourceError` when it is empty or does not begin with a From_ line."""
    head = blob.head().lstrip()
    if not head and blob.size_bytes <= HEAD_BYTES:
        raise SourceError(f"`{blob.where}` is an empty mbox")
    if not head.startswith(b"From "):
        raise SourceError(f"`{blob.where}` is called an mbox but does not begin with a line `From …`")


def count(blob: Blob) -> None:
    """Return None: the whole file would have to be read."""


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Give every mail, with From_ quoting undone; a mail's id is the file's name and its place in the file."""
    origin = Origin(source=source, mailbox=blob.name)
    with blob.open() as stream:
        for number, mail in enumerate(split_mails(stream), 1):
            yield RawMail(
                raw=bytes(mail.kept), source_id=f"{blob.name}#{number}", origin=origin, size_bytes=mail.size_bytes
            )


@dataclass(slots=True)
class Growing:
    """A mail of which more lines may come."""

    kept: bytearray = field(default_factory=bytearray)
    size_bytes: int = 0

    def add(self, piece: bytes) -> None:
        """Take a line on, as far as there is room."""
        self.size_bytes += len(piece)
        if self.size_bytes <= KEPT_BYTES:
            self.kept += piece
        elif len(self.kept) < KEPT_BYTES:
            self.kept += piece[: KEPT_BYTES - len(self.kept)]

    def drop_blank_end(self) -> None:
        """Take off the one blank line that belongs to the mbox and not to the mail."""
        for blank in (b"\r\n\r\n", b"\n\n"):
            if self.kept.endswith(blank):
                del self.kept[-len(blank) // 2 :]
                self.size_bytes -= len(blank) // 2
                return


def split_mails(stream: BinaryIO) -> Iterator[Growing]:
    """Give the mails between the From_ lines of `stream`.

    A mail written without quoting has lines `From …` in its text. Such a line is a separator only when a header
    follows, and either it has a date or (in an mbox whose first one has none) a blank line is before it.
    """
    lines = _lines(stream)
    first, _ = next((one for one in lines if one[0].strip()), (b"", True))
    dated = DATED.match(first) is not None
    mail = Growing()
    (line, starts), after_blank = next(lines, END), False
    while line:
        following = next(lines, END)
        if starts and line.startswith(b"From ") and _separates(line, following[0], dated, after_blank):
            mail.drop_blank_end()
            yield mail
            mail = Growing()
        else:
            mail.add(line[1:] if starts and line.startswith(b">") and QUOTED.match(line) else line)
        after_blank = starts and line in (b"\n", b"\r\n")
        line, starts = following
    mail.drop_blank_end()
    yield mail


def _separates(line: bytes, following: bytes, dated: bool, after_blank: bool) -> bool:
    a_mail_follows = not following.strip() or FIELD.match(following) or following.startswith(b">From ")
    return bool(a_mail_follows) and (DATED.match(line) is not None if dated else after_blank)


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Give the lines, and whether each begins as one: what is longer than `LINE_BYTES` comes in pieces."""
    starts = True
    while line := stream.readline(LINE_BYTES):
        yield line, starts
        starts = line.endswith(b"\n")
