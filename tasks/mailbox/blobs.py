"""Named bytes (a file, a member of an archive, an object in a store), and the interface of their formats."""

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
    """Its path inside its source, with `/`; can always be encoded as UTF-8."""
    where: str
    """Its name in error messages."""
    size_bytes: int
    open: Callable[[], BinaryIO]

    @property
    def suffix(self) -> str:
        """The name's ending with its dot, in lower case; empty where there is none."""
        return PurePosixPath(self.name).suffix.lower()

    def head(self) -> bytes:
        """Return the first bytes, enough to recognise its format."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)


class Format(Protocol):
    """The format of a blob with one mail or many; implemented by modules of this package."""

    def claims(self, blob: Blob, head: bytes) -> bool:
        """Return whether the blob has this format, by its first bytes, or by its name where they are not specific."""

    def check(self, blob: Blob) -> None:
        """Check that the blob can be read.

        Raises:
            SourceError: It cannot.
        """

    def count(self, blob: Blob) -> int | None:
        """Return the number of mails, or None where that is expensive to know."""

    def read(self, blob: Blob, source: str) -> Iterator[RawMail]:
        """Yield every mail in it. `source` is the source's name in their origin."""


def of_path(path: Path, name: str | None = None) -> Blob:
    """Return the blob of a file."""
    return Blob(
        name=encodable(name or path.name),
        where=encodable(str(path)),
        size_bytes=path.stat().st_size,
        open=lambda: path.open("rb"),
    )


def encodable(name: str) -> str:
    """Return a file's name as valid UTF-8. Bytes that the system could not decode are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")
