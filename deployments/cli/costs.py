"""`mailroom costs`: shows what calls cost, from the ledger."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

from cyclopts import Parameter
from rich.box import SIMPLE_HEAD
from rich.table import Table

from deployments.cli.console import stdout
from deployments.cli.outcomes import plain
from tasks.ledger.cost_book import CostLine, Dimension
from tasks.settings import read_settings

_DAY_S = 86_400


def costs(
    *,
    by: Dimension | None = None,
    days: int = 30,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show what calls cost, by day, model, stage, category and deployment.

    Args:
        by: Show only one of these tables; the stage is called question.
        days: How many days to show, including today.
        as_json: Print JSON, for programs. Money is in whole nano-dollars.
    """
    from tasks.ledger.cost_book import DIMENSIONS, cost_book
    from tasks.ledger.engine import open_ledger

    engine = open_ledger(read_settings().ledger)
    now = time.time()
    since = now - now % _DAY_S - (days - 1) * _DAY_S
    books = {name: cost_book(engine, name, since=since) for name in ([by] if by else DIMENSIONS)}
    console = stdout()
    if as_json:
        console.print_json(json.dumps({name: [vars(line) for line in lines] for name, lines in books.items()}))
        return 0
    for name, lines in books.items():
        console.print(_table(name, lines))
    return 0


def _table(name: str, lines: list[CostLine]) -> Table:
    from tasks.ledger.cost_book import remarks, total

    table = Table(title=f"By {name}", title_justify="left", caption_justify="left", box=SIMPLE_HEAD, padding=0)
    table.add_column(name, overflow="fold")  # never cut: models' names differ at their ends
    for head in ("calls", "failed", "tokens in", "cached", "tokens out", "cost $"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(*_cells(line))
    whole = total(lines)
    table.add_section()
    table.add_row(*_cells(whole))
    table.caption = remarks(whole)
    return table


def _cells(line: CostLine) -> list[Any]:
    counts = (line.calls, line.failed, line.input_tokens, line.cache_read_tokens, line.output_tokens)
    return [plain(line.name), *(f"{count:,}" for count in counts), f"{line.usd:.6f}"]
