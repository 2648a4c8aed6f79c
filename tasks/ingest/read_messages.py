"""The task `read mails`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Protocol

from prefect import task

from tasks import policies
from tasks.ingest.windows import Window

log = logging.getLogger("mailroom.ingest")


class WindowReader(Protocol):
    """Gives a run its mails, window by window."""

    def next_window(self) -> Window: ...

    def close(self) -> None: ...


@task(name="read mails", **policies.LEDGER)
def read_messages(reader: WindowReader) -> Window:
    """The next window of the source. Its mails are parsed, recorded, and claimed by this run."""
    window = reader.next_window()
    defective = sum(bool(defects) for defects in window.messages["parse_defects"])
    log.info(
        "%d mails to work on, %d left alone; %d of them have defects.",
        len(window.messages),
        len(window.skipped),
        defective,
    )
    return window


def read_windows(reader: WindowReader) -> Iterator[Window]:
    """All windows of the reader. Each is read in one task run."""
    try:
        while True:
            window = read_messages(reader)
            yield window
            if window.last:
                return
    finally:
        reader.close()
