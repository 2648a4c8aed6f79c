"""The console that commands print to."""

from __future__ import annotations

import os

from rich.console import Console

_PIPED_WIDTH = 1_000


def stdout() -> Console:
    """A console as wide as the terminal. Into a pipe it cuts and folds no lines, unless COLUMNS sets a width."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=_PIPED_WIDTH)
