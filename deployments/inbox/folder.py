"""The inbox as its feeders use it: they store mail in it and count what waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tasks.ledger.engine import open_ledger
from tasks.ledger.sightings import count_left_over
from tasks.mailbox import inbox
from tasks.private_files import make_folder


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """`put` stores a file durably under a name and returns its path. `waiting` counts what a run would process."""

    folder: Path
    put: inbox.Put
    waiting: Callable[[], int]


def open_inbox(data_dir: Path, ledger_url: str) -> Inbox:
    """The inbox of this data folder. It is created if it is missing."""
    folder = inbox.folder_of(data_dir)
    make_folder(folder)
    return Inbox(folder=folder, put=inbox.put_into(folder), waiting=lambda: count_waiting(folder, ledger_url))


def count_waiting(folder: Path, ledger_url: str) -> int:
    """The number of files that wait, plus mails of earlier files that are not done."""
    return inbox.count(folder) + count_left_over(open_ledger(ledger_url), inbox.NAME)
