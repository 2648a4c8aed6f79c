"""The cost book as Markdown, for the report and the digest."""

from __future__ import annotations

from sqlalchemy import Engine

from tasks.ledger.cost_book import DIMENSIONS, CostLine, cost_book, remarks, total
from tasks.report.plain import plain_cell

_HEAD = ("calls", "failed", "tokens in", "cached", "tokens out", "cost $")
_MOST_LINES = 31


def costs_text(engine: Engine, *, since: float) -> str:
    """The costs since `since` (UTC seconds) as Markdown: a table by day, by model, and so on."""
    books = {name: cost_book(engine, name, since=since) for name in DIMENSIONS}
    whole = total(books["day"])
    parts = [f"# ${whole.usd:.4f} for {whole.calls:,} calls", ""]
    if said := remarks(whole):
        parts += [f"> {said}.", ""]
    for name, lines in books.items():
        parts += _table(name, lines[-_MOST_LINES:] if name == "day" else lines[:_MOST_LINES])
    return "\n".join(parts)


def _table(name: str, lines: list[CostLine]) -> list[str]:
    if not lines:
        return []
    head = (name, *_HEAD)
    return [
        f"## By {name}",
        "",
        f"| {' | '.join(head)} |",
        f"| --- |{' ---: |' * len(_HEAD)}",
        *(f"| {' | '.join(_cells(line))} |" for line in lines),
        "",
    ]


def _cells(line: CostLine) -> list[str]:
    counts = (line.calls, line.failed, line.input_tokens, line.cache_read_tokens, line.output_tokens)
    return [plain_cell(line.name, 80), *(f"{count:,}" for count in counts), f"{line.usd:.6f}"]
