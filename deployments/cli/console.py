"""The console that commands print to."""

from __future__ import annotations

import os

from rich.console import Console

_PIPED_WIDTH = 1_000


def stdout() -> Console:
    """As wide as the terminal; piped, so wide that no line is cut or folded, unless COLUMNS says how wide."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=_PIPED_WIDTH)
