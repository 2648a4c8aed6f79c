"""`inbox:`, the folder that receives mail for Mailroom (by HTTP, or from a script) until a run reads it.

Files appear in it complete, and are deleted only when all their mails are on record. A file that could not be read
completely is moved to `unreadable`.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tasks.errors import SourceError
from tasks.mailbox import single
from tasks.mailbox.blobs import of_path
from tasks.mailbox.formats import read_any
from tasks.mailbox.kinds import Opening, Source
from tasks.mailbox.raw import RawMail
from tasks.mailbox.unsettled_parts import UnsettledParts
from tasks.private_files import make_folder

SCHEMES = ("inbox",)
NAME = "inbox:"
UNREADABLE = "unreadable"
# Names of files that are being written begin so. One this old was left by a dead process; its sender will try again.
WRITING = ".writing-"
WRITING_MOST_S = 86_400

Put = Callable[[bytes, str], Path]


def open_address(address: str, opening: Opening) -> Source:
    """Return the inbox of the data folder; it may be empty."""
    if address.removeprefix(NAME).strip("/"):
        raise SourceError(f"`{NAME}` takes nothing after it: it is the inbox of the data folder")
    folder = folder_of(opening.data_dir)
    with suppress(FileNotFoundError):
        _sweep(folder)
    return InboxSource(folder=folder, opening=opening)


def folder_of(data_dir: Path) -> Path:
    """Return the path of the inbox in this data folder."""
    return data_dir / "inbox"


def put_into(folder: Path) -> Put:
    """Return `put` for this folder."""
    return lambda raw, name: put(folder, raw, name)


def put(folder: Path, raw: bytes, name: str) -> Path:
    """Write the file under this name, synced to disk, and return its path. The suffix gives its format, as in folders.

    The same name overwrites the file, so that a sender without a reply may repeat the request.

    Raises:
        ValueError: The name is not valid for a file in the folder.
        OSError: The file could not be written. No part of it is left.
    """
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        raise ValueError(f"`{name[:100]!r}` is no name for a file of the inbox")
    make_folder(folder)
    handle, writing = tempfile.mkstemp(prefix=WRITING, dir=folder)
    try:
        with open(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(writing, folder / name)
    except BaseException:
        with suppress(OSError):
            os.unlink(writing)
        raise
    _sync(folder)
    return folder / name


def count(folder: Path) -> int:
    """Return the number of files that wait."""
    return len(list_files(folder))


def list_files(folder: Path) -> list[Path]:
    """Return the files that wait, in the order of arrival."""
    found: list[tuple[int, str, Path]] = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat().st_mtime_ns, entry.name, Path(entry.path)))
    return [path for _, _, path in sorted(found)]


@dataclass(kw_only=True, slots=True)
class InboxSource:
    """The mails of earlier files that are not done, and then the files that wait."""

    folder: Path
    opening: Opening
    _unsettled_parts: UnsettledParts[Path] = field(default_factory=UnsettledParts)
    _inode_of: dict[Path, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The source's name."""
        return NAME

    def count(self) -> int | None:
        """Return the number of mails that wait, or None where a file may hold many."""
        files = list_files(self.folder)
        return len(files) if all(file.suffix.lower() in single.SUFFIXES for file in files) else None

    def read(self) -> Iterator[RawMail]:
        """Yield every file's mails in the order of arrival, including files that arrive during the reading."""
        yield from self.opening.left_over(NAME)
        for file in self._files():
            try:
                inode, blob = file.stat().st_ino, of_path(file)
            except FileNotFoundError:  # another run has read and deleted it
                continue
            self._inode_of[file] = inode
            yield from self._unsettled_parts.watched(file, read_any(blob, NAME, otherwise=single))
            self._remove(self._unsettled_parts.ended(file))

    def _files(self) -> Iterator[Path]:
        """Yield each file once, until no new ones arrive."""
        seen: set[Path] = set()
        while fresh := [file for file in list_files(self.folder) if file not in seen]:
            seen.update(fresh)
            yield from fresh

    def settled(self, places: Iterable[str]) -> None:
        """Note that the mails at these places are on record. Files whose mails are all on record are deleted."""
        self._remove(self._unsettled_parts.settled(places))

    def _remove(self, files: Iterable[Path]) -> None:
        for file in files:
            with suppress(FileNotFoundError):
                if file.stat().st_ino != self._inode_of[file]:  # overwritten meanwhile: the next run reads the new file
                    continue
                if file in self._unsettled_parts.troubled:
                    make_folder(self.folder / UNREADABLE)
                    os.replace(file, self.folder / UNREADABLE / file.name)
                else:
                    file.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{WRITING}*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > WRITING_MOST_S:
                path.unlink()
