"""Outcomes on the console: a run's table, and how words and untrusted text are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.doubts import words

_SHOWN = 100
_MOST_PRESSING = 20
_STYLES = {"COMPLETED": "green", "FAILED": "red", "SKIPPED": "dim", "PENDING": "yellow", "URGENT": "bold red"}


def print_outcomes(console: Console, ledger_url: str, run_id: str) -> int:
    """Print the run's first outcomes as a table, and return how many of its mails failed."""
    from tasks.ledger.outcomes import read_run

    rows = read_run(ledger_url, run_id)
    simulated = any(row["simulated"] for row in rows)
    table = Table(title="Outcomes (answers simulated)" if simulated else "Outcomes", title_justify="left")
    table.expand = console.is_terminal
    for name, ratio in (("id", 3), ("status", 2), ("category", 2), ("subject", 5), ("summary and translation", 9)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for row in rows[:_SHOWN]:
        table.add_row(
            plain(row["id"]), styled(row["status"]), styled(row["category"] or ""), plain(row["subject"]), _summary(row)
        )
    console.print(table)
    if len(rows) > _SHOWN:
        console.print(f"… and {len(rows) - _SHOWN} more.")
    return sum(row["status"] == "FAILED" for row in rows)


def print_what_needs_a_person(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print which of these outcomes need a person, the most pressing first; readable at 80 columns."""
    from tasks.report.table import needs_person

    ranked = [(*needs_person(row), row) for row in rows]
    pressing = sorted(((rank, why, row) for rank, why, row in ranked if why), key=lambda one: one[0])
    table = Table(title=f"What needs you: {len(pressing)} of {len(rows)} mails", title_justify="left")
    for name, width in (("subject", 36), ("category", 10), ("why", 24)):
        table.add_column(name, width=width)
    for _, why, row in pressing[:_MOST_PRESSING]:
        category = styled(row["category"] or "")
        category.truncate(10, overflow="ellipsis")
        reason = f"{why}: {row['error_type']}" if row["error_type"] else why
        table.add_row(_short(row["subject"] or row["id"], 36), category, _short(reason, 48))
    console.print(table)
    if len(pressing) > _MOST_PRESSING:
        console.print(f"… and {len(pressing) - _MOST_PRESSING} more: the run's table has them all.")


def _short(text: str, most: int) -> Text:
    """At most so many columns of a stranger's text."""
    short = plain(" ".join(text.split()))
    short.truncate(most, overflow="ellipsis")
    return short


def _summary(row: dict[str, Any]) -> Text:
    if row["error_type"]:
        return plain(f"{row['error_type']}: {row['error']}")
    if row["status"] == "SKIPPED":
        return plain(row["reason"])
    parts = [row["summary"], row["translation"]]
    parts += [f"• {item['text']}" for item in row["action_items"]]
    said = plain("\n".join(part for part in parts if part) or row["reason"])
    return said.append(f"\ndoubtful: {plain(words(row['doubts']))}", style="yellow") if row["doubts"] else said


def styled(word: str) -> Text:
    """A status or category in its colour."""
    return Text(word, style=_STYLES.get(word, ""))


def plain(text: str) -> Text:
    """Untrusted text without control characters, which a terminal would execute."""
    return Text("".join(c if c.isprintable() or c == "\n" else " " for c in text))
