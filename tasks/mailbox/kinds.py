"""What every kind of source has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tasks.mailbox.raw import RawMail

SinceUid = Callable[[str, int], int]
"""(folder, UIDVALIDITY) → the UID up to which nothing is wanted any more; 0 where everything is."""


def from_the_start(mailbox: str, uidvalidity: int) -> int:
    """Return 0: every mail is wanted."""
    return 0


class Source(Protocol):
    """Mails, one after the other; what `open_source` returned is there, has what it needs, and was not read yet."""

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
