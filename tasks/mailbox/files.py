"""A single file as a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.mailbox.blobs import Blob, Format
from tasks.mailbox.members import read_guarded
from tasks.mailbox.raw import RawMail


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSource:
    """One blob, read as its format says."""

    blob: Blob
    reader: Format
    name: str

    def count(self) -> int | None:
        """Return how many mails the file holds, where its format knows."""
        return self.reader.count(self.blob)

    def read(self) -> Iterator[RawMail]:
        """Give the file's mails in the order they stand in; where reading breaks off, the last row says so."""
        return read_guarded(self.blob, self.reader, self.name)
