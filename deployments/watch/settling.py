"""Finds out which dropped files are complete: those that have stopped changing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Look = tuple[int, int]
"""A file's size in bytes and its modification time in nanoseconds."""


@dataclass(slots=True)
class _LastLook:
    look: Look
    since: float


class Settling:
    """Changed files that may still be written. Times are seconds of one monotonic clock and are passed in."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._seen: dict[Path, _LastLook] = {}

    def __bool__(self) -> bool:
        return bool(self._seen)

    def touch(self, path: Path, now: float) -> None:
        """Note a file that appeared or changed."""
        look = look_at(path)
        if look is None:
            self._seen.pop(path, None)
        elif path not in self._seen or self._seen[path].look != look:
            self._seen[path] = _LastLook(look, now)

    def take_whole(self, now: float) -> list[tuple[Path, Look]]:
        """Remove and return the files that have not changed for `settle_s`, oldest first."""
        for path in list(self._seen):
            self.touch(path, now)  # the file may have changed without a notification yet
        whole = [path for path, seen in self._seen.items() if now - seen.since >= self._settle_s]
        return sorted(((path, self._seen.pop(path).look) for path in whole), key=lambda one: (one[1][1], one[0]))


def look_at(path: Path) -> Look | None:
    """The file's current size and modification time; null if it is gone or is not a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if path.is_file() else None
