"""Reads Babyl, the mail file of Emacs' Rmail.

A form feed begins each mail. A mail has two headers: the one that came, and the one that was shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from tasks.mailbox.blobs import Blob
from tasks.mailbox.lines import BOM, Growing, LineReader
from tasks.mailbox.raw import RawMail

START = b"BABYL OPTIONS:"
EDGE = b"\x1f"
END_OF_HEADER = b"*** EOOH ***"


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether it begins as such a file does."""
    return head.removeprefix(BOM).lstrip().startswith(START)


def check(blob: Blob) -> None:
    """Do nothing: what begins so can be read."""


def count(blob: Blob) -> None:
    """Return None: the whole file would have to be read."""


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Give every mail with its header as it came, in the file's order."""
    number = 0
    with blob.open() as stream:
        lines = LineReader(stream)
        _skip_to_edge(lines)
        while lines.peek(1):
            mail = _next_mail(lines)
            if mail.kept.strip():
                number += 1
                yield mail.raw(blob.name, number, source)


def _skip_to_edge(lines: LineReader) -> None:
    while (line := lines.line()) and not line.startswith(EDGE):
        pass


def _next_mail(lines: LineReader) -> Growing:
    """Return the mail up to the next edge.

    Its parts are the labels, the header as it came, the mark, and the header as shown.
    """
    header, mail = Growing(), Growing()
    part = "labels"
    begins = True
    while line := lines.line():
        if begins and line.startswith(EDGE):
            break
        if part == "labels":
            part = "labels" if line.strip() in (b"", b"\x0c") else "header"
        elif part == "header" and line.rstrip() == END_OF_HEADER:
            part = "shown" if header.kept.strip() else "mail"
        elif part == "shown":
            part = "shown" if line.strip() else "mail"
        else:
            (header if part == "header" else mail).add(line)
        begins = lines.begins
    if not header.kept.strip():
        return mail
    whole = Growing()
    for piece in (bytes(header.kept).rstrip(), b"\n\n", bytes(mail.kept)):
        whole.add(piece)
    return whole
