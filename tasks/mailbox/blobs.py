"""Bytes with a name (a file, a member of an archive, an object in a store), and how they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from tasks.mailbox.raw import RawMail

HEAD_BYTES = 4_096


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """Bytes that can be read from the start any number of times."""

    name: str
    """Its path inside its source, with `/`; always encodable."""
    where: str
    """What an error calls it."""
    size_bytes: int
    open: Callable[[], BinaryIO]

    @property
    def suffix(self) -> str:
        """The name's ending with its dot, in lower case; empty where there is none."""
        return PurePosixPath(self.name).suffix.lower()

    def head(self) -> bytes:
        """Return the first bytes, enough to see what it is."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)


class Format(Protocol):
    """What a blob holds: one mail, or many in one file. A module of this package."""

    def claims(self, blob: Blob, head: bytes) -> bool:
        """Return whether the blob is of this format, by its first bytes, or by its name where they don't tell."""

    def check(self, blob: Blob) -> None:
        """Raise `SourceError` unless the blob can be read."""

    def count(self, blob: Blob) -> int | None:
        """Return how many mails it holds, where that is cheap to know."""

    def read(self, blob: Blob, source: str) -> Iterator[RawMail]:
        """Give every mail in it; `source` is the name that goes into their origin."""


def of_path(path: Path, name: str | None = None) -> Blob:
    """Return the blob of a file."""
    return Blob(
        name=encodable(name or path.name),
        where=encodable(str(path)),
        size_bytes=path.stat().st_size,
        open=lambda: path.open("rb"),
    )


def encodable(name: str) -> str:
    """Return a file's name as text that UTF-8 can hold; what the system could not decode is replaced."""
    return os.fsencode(name).decode("utf-8", "replace")
