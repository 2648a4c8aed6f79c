"""What every kind of source has in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tasks.mailbox.raw import RawMail

SinceUid = Callable[[str, str, int], int]
"""(source, folder, UIDVALIDITY) → the UID up to which all is on record; 0 where nothing is, or all is wanted again."""

UidsGivenAnew = Callable[[str, str, int, int], bool]
"""(source, folder, UIDVALIDITY, UIDNEXT) → whether UIDs on record are given to other mails by now, which it notes."""

LeftOver = Callable[[str], Iterator[RawMail]]
"""(source) → mails it gave before that are on record but not done; only sources that don't give them again ask."""

VersionsRead = Callable[[str], Mapping[str, str]]
"""(source) → the version in which each of its objects was read, by place; empty where all are wanted again."""

NoteRead = Callable[[str, Mapping[str, str]], None]
"""(source, versions by place): all mails that these versions of its objects hold are on record."""


Pause = Callable[[float], None]
"""Waits so many seconds for a source that refuses for now; raises `Stopped` where the run is to end."""


def from_the_start(source: str, mailbox: str, uidvalidity: int) -> int:
    """Return 0: every mail is wanted."""
    return 0


def never_anew(source: str, mailbox: str, uidvalidity: int, uidnext: int) -> bool:
    """Return False: nothing is on record."""
    return False


def nothing(source: str) -> Iterator[RawMail]:
    """Give no mail: none was left."""
    return iter(())


def none_read(source: str) -> Mapping[str, str]:
    """Return nothing: every object is wanted."""
    return {}


def forget_read(source: str, versions: Mapping[str, str]) -> None:
    """Do nothing: the objects are read again."""


class Source(Protocol):
    """Mails, one after the other; what `open_source` returned is there, has what it needs, and was not read yet.

    A mailbox that is somebody's also has `own_addresses`, `language` and `sent_mails()`.

    A source that does not give its mails again also has `settled(places)`. It is called with the places of mails once
    the ledger holds them.
    """

    @property
    def name(self) -> str:
        """What people call it: an absolute path, or an address without its secrets."""

    def count(self) -> int | None:
        """Return how many mails `read` would give, where that is cheap to know; else None."""

    def read(self) -> Iterator[RawMail]:
        """Give every mail once, in the same order each time, holding a few at a time in memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """What some sources must be told before they can be opened."""

    data_dir: Path = Path(".mailroom")
    since_uid: SinceUid = from_the_start
    uids_given_anew: UidsGivenAnew = never_anew
    left_over: LeftOver = nothing
    versions_read: VersionsRead = none_read
    note_read: NoteRead = forget_read
    pause: Pause = time.sleep
