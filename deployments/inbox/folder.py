"""The inbox as its feeders use it: a place to make mail durable in, and how much waits there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """`put` makes a file durable under a name and returns where it is; `waiting` counts files no run has done with."""

    folder: Path
    put: Callable[[bytes, str], Path]
    waiting: Callable[[], int]


def open_inbox(data_dir: Path) -> Inbox:
    """The inbox of this data folder."""
    from tasks.mailbox import inbox

    folder = inbox.folder_of(data_dir)
    return Inbox(folder=folder, put=inbox.put_into(folder), waiting=lambda: inbox.count(folder))
