"""The console that commands print to, and what they say once they are done."""

from __future__ import annotations

import os

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


def print_notes() -> None:
    """Say what was noted, once."""
    console = Console(stderr=True)
    while _notes:
        console.print(_notes.pop(0), markup=False, highlight=False, soft_wrap=True)
