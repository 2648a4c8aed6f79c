"""Mbox: many mails in one file, each after a line `From …` (RFC 4155 and less strict variants), read as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from tasks.errors import SourceError
from tasks.mailbox.blobs import HEAD_BYTES, Blob
from tasks.mailbox.lines import BOM, IN_HEADER, IN_TEXT, Growing, LineReader
from tasks.mailbox.raw import KEPT_BYTES, RawMail
from tasks.mailbox.single import SUFFIXES as SINGLE_SUFFIXES

SUFFIXES = frozenset({".mbox", ".mbx"})
# How much of the header below a line `From …` is examined.
LOOK_AHEAD_BYTES = 8_192

# `From someone Fri Nov 13 10:00:00 2026`, in any order and with any zone: a clock and a year make it a separator.
DATED = re.compile(rb"From (?=.*\b\d{1,2}:\d\d)(?=.*\b(?:19|20)\d\d\b)")
# `From `, `From -`, `From ann@example.org`: at most a sender, and nothing that goes on like a sentence.
UNDATED = re.compile(rb"From(?:[ \t]+(?:\"[^\"\r\n]*\"@)?[^\s:,]*)?[ \t]*\r?\n?\Z")
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
QUOTED = re.compile(rb">+From ")
CONTENT_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t\r\f\v]*$", re.IGNORECASE | re.MULTILINE)
OF_MAIL = {b"from", b"to", b"subject", b"date", b"message-id", b"received", b"return-path", b"mime-version", b"cc"}
BLANK = (b"\n", b"\r\n")
BLANK_END = (b"\n\n", b"\n\r\n")
HOLDS_FROM = "a line `From …` with a header below it stands in this mail; it was not taken for the start of another"


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether it begins with a From_ line and a header, or is called an mbox; a file called .eml is one mail."""
    if blob.suffix in SUFFIXES:
        return True
    line, _, below = head.removeprefix(BOM).lstrip().partition(b"\n")
    begins = DATED.match(line) or (UNDATED.match(line) and fields_of_mail(below))
    return blob.suffix not in SINGLE_SUFFIXES and bool(begins)


def check(blob: Blob) -> None:
    """Raise `SourceError` when it is empty or begins with neither a From_ line nor the header of a mail."""
    head = blob.head().removeprefix(BOM).lstrip()
    if not head and blob.size_bytes <= HEAD_BYTES:
        raise SourceError(f"`{blob.where}` is an empty mbox")
    if not head.startswith((b"From ", b"From\n", b"From\r\n", b">From ")) and not begins_with_header(head):
        raise SourceError(f"`{blob.where}` is called an mbox but begins with neither a line `From …` nor a mail")


def count(blob: Blob) -> None:
    """Return None: the whole file would have to be read."""


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Yield every mail, with From_ quoting removed. A mail's id is the file's name and its number in the file."""
    with blob.open() as stream:
        for number, mail in enumerate(split_mails(stream), 1):
            yield mail.raw(blob.name, number, source)


def split_mails(stream: BinaryIO) -> Iterator[Growing]:
    """Yield the mails between the From_ lines of `stream`."""
    lines = LineReader(stream)
    lines.skip_to_text()
    first = b"" if begins_with_header(lines.peek(LOOK_AHEAD_BYTES)) else lines.line()
    splitter = Splitter(lines, dated=not first or DATED.match(first.lstrip(b">")) is not None)
    while not splitter.ended:
        yield splitter.next_mail()


class Splitter:
    """Splits the lines into mails.

    If mails were written without quoting, their text may have lines `From …`. The form of the line, the blank line
    above it, the header below it, and `Content-Length` decide whether such a line is a separator.
    """

    def __init__(self, lines: LineReader, *, dated: bool) -> None:
        self.lines = lines
        self.dated = dated
        self.ended = False
        # After the first wrong length, the file's lengths are ignored: each takes a second reading.
        self.trusts_lengths = True

    def next_mail(self) -> Growing:
        """Return the mail up to the next separator, and consume the separator."""
        mail, length, in_header, after_blank = Growing(), -1, True, False
        while True:
            begins = self.lines.begins
            if begins and (lines := self.lines.unmarked(IN_HEADER if in_header else IN_TEXT)):
                mail.add(lines)
                after_blank = lines in BLANK or lines.endswith(BLANK_END)
                if in_header and (stated := CONTENT_LENGTH.findall(lines)):
                    length = int(stated[-1])
                continue
            line = self.lines.line()
            if not line:
                self.ended = True
                break
            if begins and line.startswith(b"From") and self.is_separator(line, mail, after_blank):
                break
            mail.add(line[1:] if begins and line.startswith(b">") and QUOTED.match(line) else line)
            after_blank = begins and line in BLANK
            if in_header and begins:
                in_header = not after_blank
                if after_blank and 0 < length <= KEPT_BYTES and self.trusts_lengths:
                    self.trusts_lengths = after_blank = self.take_counted(mail, length)
        mail.drop_blank_end()
        return mail

    def is_separator(self, line: bytes, mail: Growing, after_blank: bool) -> bool:
        """Return whether a new mail begins; where a header below the line makes it likely and it does not, say so."""
        if not line.startswith(b"From ") and not (after_blank and UNDATED.match(line)):
            return False  # such as a field `From:`
        below = self.lines.peek(LOOK_AHEAD_BYTES)
        if separates(line, below, dated=self.dated, after_blank=after_blank):
            return True
        if line.startswith(b"From ") and len(fields_of_mail(below)) > 1:
            mail.defects.append(HOLDS_FROM)
        return False

    def take_counted(self, mail: Growing, length: int) -> bool:
        """Take a body by its stated length. Return False and take nothing if no mail begins after it."""
        ahead = self.lines.peek(length + LOOK_AHEAD_BYTES)
        body, behind = ahead[:length], ahead[length:].lstrip(b"\r\n")
        line, newline, below = behind.partition(b"\n")
        if len(body) < length or (behind and not separates(line + newline, below, dated=self.dated, after_blank=True)):
            return False
        self.lines.skip(length)
        if not re.search(rb"(?m)^From ", body):
            mail.add(re.sub(rb"(?m)^>(>*From )", rb"\1", body))
            return True
        mail.add(body)  # writers that state a length do not quote
        mail.defects += [HOLDS_FROM] * any(
            len(fields_of_mail(body[found.end() :])) > 1 for found in re.finditer(rb"(?m)^From [^\n]*\n", body)
        )
        return True


def begins_with_header(head: bytes) -> bool:
    """Return whether the first mail begins at once, its line `From …` lost."""
    return not head.startswith(b">") and len(fields_of_mail(head)) > 1


def separates(line: bytes, below: bytes, *, dated: bool, after_blank: bool) -> bool:
    """Return whether a line `From …` starts a mail. `dated` says that the file's first one has a date."""
    if DATED.match(line):
        follows = not below.partition(b"\n")[0].strip() or FIELD.match(below) or below.startswith(b">From ")
        return bool(follows) if after_blank else len(fields_of_mail(below)) > 1
    if not after_blank or not UNDATED.match(line):
        return False
    fields = fields_of_mail(below)
    return (b"from" in fields and len(fields) > 1) if dated else bool(fields)


def fields_of_mail(below: bytes) -> set[bytes]:
    """Return the known mail fields of the header that begins here; none if it begins with something else."""
    found: set[bytes] = set()
    for line in (below.partition(b"\n")[2] if below.startswith(b">From ") else below).split(b"\n"):
        if not line.strip():
            break
        name = FIELD.match(line)
        if name:
            found.add(name[1].lower())
        elif not found or line[:1] not in b" \t":
            break
    return found & OF_MAIL
