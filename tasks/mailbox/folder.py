"""A folder and everything below it, including Maildirs. Every file gives at least one row."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import SourceError
from tasks.mailbox import maildir, single
from tasks.mailbox.blobs import Blob, encodable, of_path
from tasks.mailbox.formats import find_format, read_any
from tasks.mailbox.members import read_guarded, why
from tasks.mailbox.raw import RawMail, no_mail, shorten

# The walk is recursive, so the depth is limited.
DEPTH = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFile:
    """An entry below the folder: a file, or something that can't be read as one, with a `problem`."""

    path: Path
    name: str
    """Its path inside the folder. For a mail in a Maildir, it lacks `new`, `cur` and the flags, which change."""
    maildir: Path | None = None
    problem: str = ""

    def blob(self) -> Blob:
        """Return it as a blob.

        Raises:
            FileNotFoundError: It is gone.
        """
        try:
            return of_path(self.path, self.name)
        except FileNotFoundError:
            moved = self.maildir and maildir.find_again(self.maildir, self.name.rpartition("/")[2])
            if not moved:
                raise
            return of_path(moved, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderSource:
    """All files under a folder, in the order of their names."""

    root: Path
    name: str

    def count(self) -> int | None:
        """Return the number of mails, or None where a file would have to be read to know it."""
        total = 0
        for found in walk(self.root):
            held = 1 if _is_one(found) else _count(found)
            if held is None:
                return None
            total += held
        return total

    def read(self) -> Iterator[RawMail]:
        """Yield every file's mails. A file that was deleted meanwhile gives none."""
        for found in walk(self.root):
            if found.problem:
                yield no_mail(found.name, self.name, found.problem)
                continue
            try:
                blob = found.blob()
            except FileNotFoundError:
                continue
            if found.maildir:
                yield from read_guarded(blob, single, self.name)
            else:
                yield from read_any(blob, self.name)


def open_folder(path: Path, name: str) -> FolderSource:
    """Return the folder as a source.

    Raises:
        SourceError: There is no file in it, or it may not be read.
    """
    try:
        os.scandir(path).close()
    except OSError as error:
        raise SourceError(f"`{name}` cannot be read: {why(error)}") from error
    if next(walk(path), None) is None:
        raise SourceError(f"`{name}` is empty: there is no mail in it, nor in the folders under it")
    return FolderSource(root=path, name=name)


def walk(folder: Path, prefix: str = "") -> Iterator[FoundFile]:
    """Yield all files below the folder by name. Hidden ones are included, because Maildirs' subfolders are hidden."""
    held: frozenset[str] = frozenset()
    if maildir.is_maildir(folder):
        held = maildir.OWN
        for unique, path in maildir.list_mails(folder).items():
            yield FoundFile(path=path, name=prefix + encodable(unique), maildir=folder)
    for name in sorted(os.listdir(folder)):
        if name not in held:
            yield from _look_at(folder / name, prefix + encodable(name))


def _look_at(path: Path, name: str) -> Iterator[FoundFile]:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode) and path.is_symlink():
            # It may point to a parent folder, or to one that is read anyway.
            yield FoundFile(path=path, name=name, problem=f"`{name}` is a link to a folder, which is not followed")
        elif stat.S_ISDIR(mode) and name.count("/") >= DEPTH:
            yield FoundFile(path=path, name=name, problem=f"`{shorten(name)}` lies more than {DEPTH} folders deep")
        elif stat.S_ISDIR(mode):
            yield from walk(path, f"{name}/")
        elif stat.S_ISREG(mode):
            yield FoundFile(path=path, name=name)
        else:
            yield FoundFile(path=path, name=name, problem=f"`{name}` is no file but a device, a pipe or a socket")
    except OSError as error:
        if os.path.lexists(path):  # otherwise it was deleted meanwhile
            yield FoundFile(path=path, name=name, problem=f"`{name}` cannot be read: {why(error)}")


def _is_one(found: FoundFile) -> bool:
    return bool(found.problem or found.maildir) or found.path.suffix.lower() in single.SUFFIXES


def _count(found: FoundFile) -> int | None:
    try:
        blob = found.blob()
        reader = find_format(blob)
    except OSError:
        return 1
    return reader.count(blob) if reader else 1
