"""A single file as a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.mailbox.blobs import Blob, Format
from tasks.mailbox.members import read_guarded
from tasks.mailbox.raw import RawMail


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSource:
    """One blob, read by its format."""

    blob: Blob
    reader: Format
    name: str

    def count(self) -> int | None:
        """Return the number of mails in the file, or None where its format does not know it."""
        return self.reader.count(self.blob)

    def read(self) -> Iterator[RawMail]:
        """Yield the file's mails in order. If reading fails midway, the last row says so."""
        return read_guarded(self.blob, self.reader, self.name)
