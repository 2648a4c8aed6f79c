"""The console that commands print to, and what they say once they are done."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_PIPED_WIDTH = 1_000
_notes: list[str] = []


def stdout() -> Console:
    """A console as wide as the terminal. Into a pipe it cuts and folds no lines, unless COLUMNS sets a width."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=_PIPED_WIDTH)


def note(text: str) -> None:
    """Say this on stderr when the command has done its work; where it fails, its error is all that is said."""
    _notes.append(text)


@contextmanager
def warnings_on(console: Console) -> Iterator[None]:
    """Say on it what a person must know while a flow runs in this process; the whole log is in Prefect's UI."""
    log, warnings = logging.getLogger("mailroom"), _Warnings(console)
    log.addHandler(warnings)
    try:
        yield
    finally:
        log.removeHandler(warnings)


class _Warnings(logging.Handler):
    """Prints warnings and errors, except how a run ended: a command tells that when it has."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        if not getattr(record, "is_end", False):
            self._console.print(record.getMessage(), markup=False, highlight=False, soft_wrap=True)


def print_notes() -> None:
    """Say what was noted, once."""
    console = Console(stderr=True)
    while _notes:
        console.print(_notes.pop(0), markup=False, highlight=False, soft_wrap=True)
