"""Reads a stream line by line in constant memory, with a look ahead, and builds a mail from lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, Self

from tasks.mailbox.raw import KEPT_BYTES, Origin, RawMail

# A longer line is returned in pieces.
LINE_BYTES = 1 << 16
BOM = b"\xef\xbb\xbf"


class LineMarks(NamedTuple):
    """How lines begin that a splitter has to look at."""

    here: re.Pattern[bytes]
    below: re.Pattern[bytes]
    """The end of the line above such a line."""

    @classmethod
    def of(cls, beginnings: bytes) -> Self:
        return cls(re.compile(beginnings), re.compile(rb"\n(?=" + beginnings + rb")"))


IN_HEADER = LineMarks.of(rb"From[ \t\r\n]|>|\r?\n")
IN_TEXT = LineMarks.of(rb"From|>")


class LineReader:
    """The lines of a stream; `begins` says whether the next piece is the beginning of a line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._data = b""
        self._at = 0
        self._ended = False
        self.begins = True

    def peek(self, size: int) -> bytes:
        """Return the next bytes without taking them; fewer at the end of the stream."""
        have = len(self._data) - self._at
        if have < size and not self._ended:
            pieces = [self._data[self._at :]]
            while have < size and (more := self._stream.read(max(LINE_BYTES, size - have))):
                pieces.append(more)
                have += len(more)
            self._ended = have < size
            self._data, self._at = b"".join(pieces), 0
        return self._data[self._at : self._at + size]

    def skip(self, size: int) -> None:
        """Leave out bytes that were peeked at; a line begins behind them."""
        self._at += size
        self.begins = True

    def line(self) -> bytes:
        """Return the next line or piece of one; empty at the end of the stream."""
        end = self._data.find(b"\n", self._at, self._at + LINE_BYTES)
        if end < 0:
            piece = self.peek(LINE_BYTES)
            end = self._at + (piece.find(b"\n") if b"\n" in piece else len(piece) - 1)
        line = self._data[self._at : end + 1]
        self._at += len(line)
        self.begins = line.endswith(b"\n")
        return line

    def unmarked(self, marks: LineMarks) -> bytes:
        """Return the whole lines from here that begin with none of the marks; none where such a line comes next.

        Called at the beginning of a line. Only what is in memory counts: more such lines may follow.
        """
        if marks.here.match(self._data, self._at):
            return b""
        marked = marks.below.search(self._data, self._at)
        end = (marked.start() if marked else self._data.rfind(b"\n", self._at)) + 1
        lines = self._data[self._at : end]
        self._at += len(lines)
        return lines

    def skip_to_text(self) -> None:
        """Leave out a byte order mark and blank lines."""
        if self.peek(len(BOM)) == BOM:
            self.skip(len(BOM))
        while (ahead := self.peek(2)) and (ahead[:1] == b"\n" or ahead == b"\r\n"):
            self.line()


@dataclass(slots=True)
class Growing:
    """A mail of which more lines may come."""

    kept: bytearray = field(default_factory=bytearray)
    size_bytes: int = 0
    defects: list[str] = field(default_factory=list)

    def add(self, piece: bytes) -> None:
        """Take a line on, as far as there is room."""
        self.size_bytes += len(piece)
        if self.size_bytes <= KEPT_BYTES:
            self.kept += piece
        elif len(self.kept) < KEPT_BYTES:
            self.kept += piece[: KEPT_BYTES - len(self.kept)]

    def drop_blank_end(self) -> None:
        """Take off the one blank line that belongs to the file and not to the mail."""
        for blank in (b"\r\n\r\n", b"\n\n"):
            if self.kept.endswith(blank):
                del self.kept[-len(blank) // 2 :]
                self.size_bytes -= len(blank) // 2
                return

    def raw(self, name: str, number: int, source: str) -> RawMail:
        """Return it as the mail of this number in the file of this name."""
        return RawMail(
            raw=bytes(self.kept),
            source_id=f"{name}#{number}",
            origin=Origin(source=source, mailbox=name),
            size_bytes=self.size_bytes,
            defects=tuple(dict.fromkeys(self.defects)),
        )
