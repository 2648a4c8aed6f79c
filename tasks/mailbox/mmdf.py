"""MMDF: many mails in one file, a line of four ^A before and after each."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.mailbox.blobs import Blob
from tasks.mailbox.lines import BOM, Growing, LineReader
from tasks.mailbox.raw import RawMail

EDGE = b"\x01\x01\x01\x01"


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether it begins with the line that stands before a mail."""
    return head.removeprefix(BOM).lstrip().startswith((EDGE + b"\n", EDGE + b"\r\n"))


def check(blob: Blob) -> None:
    """Do nothing: what begins so can be read."""


def count(blob: Blob) -> None:
    """Return None: the whole file would have to be read."""


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Give every mail, in the file's order."""
    number = 0
    with blob.open() as stream:
        lines, mail = LineReader(stream), Growing()
        begins = True
        while line := lines.line():
            if begins and line.rstrip() == EDGE:
                if mail.kept.strip():
                    number += 1
                    yield mail.raw(blob.name, number, source)
                mail = Growing()
            else:
                mail.add(line)
            begins = lines.begins
        if mail.kept.strip():
            yield mail.raw(blob.name, number + 1, source)
