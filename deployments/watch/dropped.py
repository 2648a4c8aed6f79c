"""Copies dropped files into the inbox, once for each version of a file. The files stay where they are."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from deployments.inbox.deliveries import find_deliveries, note_deliveries
from deployments.watch.settling import Look
from tasks.errors import SourceError
from tasks.mailbox import single
from tasks.mailbox.blobs import Blob, of_path
from tasks.mailbox.formats import find_format
from tasks.mailbox.inbox import Put

log = logging.getLogger("mailroom.watch")

# Names of unfinished files, and of files that systems put into every folder.
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", "~")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")
_STEM_CHARACTERS = 60
_A_TIME = 200


def may_be_mail(path: Path) -> bool:
    """Whether a finished file may have this name."""
    return not path.name.startswith(".") and not path.name.lower().endswith(_UNFINISHED)


def list_dropped(folder: Path) -> Iterator[Path]:
    """All files below the folder that may be mail. Folders whose names begin with a dot are left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if may_be_mail(Path(name)))


class Dropped:
    """Puts files into the inbox and records them in the ledger by name, size and modification time."""

    def __init__(self, engine: Engine, put: Put, max_bytes: int) -> None:
        self._engine = engine
        self._put = put
        self._max_bytes = max_bytes

    def take(self, files: list[tuple[Path, Look]]) -> int:
        """Put the files into the inbox and return how many were new. Files without mail are skipped.

        Raises:
            OSError: A file could not be written to the inbox.
        """
        return sum(self._take_some(files[start : start + _A_TIME]) for start in range(0, len(files), _A_TIME))

    def _take_some(self, files: list[tuple[Path, Look]]) -> int:
        names = {_name_of(path, look): path for path, look in files}
        known = find_deliveries(self._engine, list(names))
        fates = {name: self._take_one(path, name) for name, path in names.items() if name not in known}
        # Known files are recorded again, so that files that still exist are not forgotten.
        noted = [name for name in names if fates.get(name) != "unreadable"]
        note_deliveries(self._engine, [(name, "") for name in noted], time.time())
        return sum(fate == "taken" for fate in fates.values())

    def _take_one(self, path: Path, name: str) -> Literal["taken", "no mail", "unreadable"]:
        try:
            blob = of_path(path)
            suffix = self._check(blob)
            raw = path.read_bytes()
        except SourceError as error:
            log.warning("Left where it is: %s", error)
            return "no mail"
        except OSError as error:
            log.warning("`%s` cannot be read (%s); it is tried again at the next look.", path, error.strerror)
            return "unreadable"
        stem = _NOT_PLAIN.sub("_", path.stem)[:_STEM_CHARACTERS]
        self._put(raw, f"{name[:16]}-{stem}{suffix}")
        return "taken"

    def _check(self, blob: Blob) -> str:
        if blob.size_bytes > self._max_bytes:
            raise SourceError(f"`{blob.where}` has {blob.size_bytes:,} bytes; process it by itself: mailroom run FILE")
        reader = find_format(blob)
        if reader is None:
            raise SourceError(f"`{blob.where}` is no mail and holds none")
        reader.check(blob)
        return ".eml" if reader is single else blob.suffix or ".mbox"


def _name_of(path: Path, look: Look) -> str:
    return hashlib.sha256(f"file:{path}:{look[0]}:{look[1]}".encode("utf-8", "surrogateescape")).hexdigest()
