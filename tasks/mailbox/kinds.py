"""The interfaces of sources: what every source offers, and what it is given when it is opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tasks.mailbox.raw import RawMail

SinceUid = Callable[[str, str, int], int]
"""(source, folder, UIDVALIDITY) → the highest UID on record; 0 where there is none, or all are to be read again."""

UidsGivenAnew = Callable[[str, str, int, int], bool]
"""(source, folder, UIDVALIDITY, UIDNEXT) → whether the server reuses UIDs on record; then it records that."""

LeftOver = Callable[[str], Iterator[RawMail]]
"""(source) → mails on record that are not done. Used by sources that do not yield the same mails again."""

VersionsRead = Callable[[str], Mapping[str, str]]
"""(source) → the version of each object that was read, by place; empty where all are to be read again."""

NoteRead = Callable[[str, Mapping[str, str]], None]
"""(source, versions by place): called when all mails of these versions of its objects are on record."""


Pause = Callable[[float], None]
"""Waits so many seconds for a source that is temporarily unavailable; raises `Stopped` if the run must end."""


def from_the_start(source: str, mailbox: str, uidvalidity: int) -> int:
    """Return 0, so that every mail is read."""
    return 0


def never_anew(source: str, mailbox: str, uidvalidity: int, uidnext: int) -> bool:
    """Return False, because nothing is on record."""
    return False


def nothing(source: str) -> Iterator[RawMail]:
    """Yield no mail."""
    return iter(())


def none_read(source: str) -> Mapping[str, str]:
    """Return no versions, so that every object is read."""
    return {}


def forget_read(source: str, versions: Mapping[str, str]) -> None:
    """Do nothing, so that the objects are read again."""


class Source(Protocol):
    """Mails, one after the other; what `open_source` returned is there, has what it needs, and was not read yet.

    A mailbox that is somebody's also has `own_addresses`, `language` and `sent_mails()`.

    A source that does not give its mails again also has `settled(places)`. It is called with the places of mails once
    the ledger holds them.
    """

    @property
    def name(self) -> str:
        """Its name: an absolute path, or an address without its secrets."""

    def count(self) -> int | None:
        """Return the number of mails that `read` would yield, or None where that is expensive to know."""

    def read(self) -> Iterator[RawMail]:
        """Yield every mail once, always in the same order, with only a few in memory at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """What sources need from outside to be opened."""

    data_dir: Path = Path(".mailroom")
    since_uid: SinceUid = from_the_start
    uids_given_anew: UidsGivenAnew = never_anew
    left_over: LeftOver = nothing
    versions_read: VersionsRead = none_read
    note_read: NoteRead = forget_read
    pause: Pause = time.sleep
