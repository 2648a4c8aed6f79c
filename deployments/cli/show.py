"""`mailroom show KEY`: one mail's whole outcome."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from deployments.cli.outcomes import plain, styled
from tasks.errors import Misconfigured
from tasks.settings import read_settings


def show(key: str, /, *, as_json: bool = False) -> int:
    """Show the newest outcome of a mail.

    Args:
        key: The beginning of its message_key, or its id.
        as_json: Print it as JSON, for programs.
    """
    from tasks.ledger.outcomes import read_latest

    row = read_latest(read_settings().ledger, key)
    if row is None:
        raise Misconfigured(f"The ledger knows no mail `{key}`; give the beginning of its message_key, or its id.")
    console = Console()
    if as_json:
        console.print_json(json.dumps(row))
        return 0
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in row.items():
        if value not in ("", [], None):
            text = json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, (list, dict)) else str(value)
            table.add_row(name, styled(text) if name in ("status", "category") else plain(text))
    console.print(table)
    return 0
