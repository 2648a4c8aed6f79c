"""`inbox:`: the folder that receives mail for Mailroom (by HTTP, or from a script); a run empties it.

A file is there whole or not at all, and goes only when all its mails are on record; one of which not all could be read
is kept in `unreadable`.
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
# Names of files that are being written begin so. One this old was left by a process that died; its sender tries again.
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
    """Return where the inbox of this data folder is."""
    return data_dir / "inbox"


def put_into(folder: Path) -> Put:
    """Return `put` for this folder."""
    return lambda raw, name: put(folder, raw, name)


def put(folder: Path, raw: bytes, name: str) -> Path:
    """Return the file under this name once it survives a power cut; its ending says what it is, as everywhere.

    The same name again overwrites, so that a sender who heard nothing may repeat.

    Raises:
        ValueError: The name is not that of a file in the folder.
        OSError: The disk would not take it; nothing is left of it then.
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
    """Return how many files wait."""
    return len(list_files(folder))


def list_files(folder: Path) -> list[Path]:
    """Return the files that wait, in the order they came."""
    found: list[tuple[int, str, Path]] = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat().st_mtime_ns, entry.name, Path(entry.path)))
    return [path for _, _, path in sorted(found)]


@dataclass(kw_only=True, slots=True)
class InboxSource:
    """The files that wait when it is read, and before them what earlier runs left undone of others."""

    folder: Path
    opening: Opening
    _unsettled_parts: UnsettledParts[Path] = field(default_factory=UnsettledParts)
    _inode_of: dict[Path, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call it."""
        return NAME

    def count(self) -> int | None:
        """Return how many mails wait; None where a file may hold many."""
        files = list_files(self.folder)
        return len(files) if all(file.suffix.lower() in single.SUFFIXES for file in files) else None

    def read(self) -> Iterator[RawMail]:
        """Give every file's mails, in the order the files came; also of those that come while others are read."""
        yield from self.opening.left_over(NAME)
        for file in self._files():
            try:
                inode, blob = file.stat().st_ino, of_path(file)
            except FileNotFoundError:  # another run was quicker
                continue
            self._inode_of[file] = inode
            yield from self._unsettled_parts.watched(file, read_any(blob, NAME, otherwise=single))
            self._remove(self._unsettled_parts.ended(file))

    def _files(self) -> Iterator[Path]:
        """Give each file once, until no new one has come."""
        seen: set[Path] = set()
        while fresh := [file for file in list_files(self.folder) if file not in seen]:
            seen.update(fresh)
            yield from fresh

    def settled(self, places: Iterable[str]) -> None:
        """Take note that the mails at these places are on record; a file all of whose mails are is removed."""
        self._remove(self._unsettled_parts.settled(places))

    def _remove(self, files: Iterable[Path]) -> None:
        for file in files:
            with suppress(FileNotFoundError):
                if file.stat().st_ino != self._inode_of[file]:  # put again since; the next run reads that
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
