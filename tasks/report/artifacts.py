"""The text of a run's report in Prefect's UI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tasks.categories import Categories
from tasks.known import BY_MODEL
from tasks.report.doubts_table import doubts_table
from tasks.report.plain import markdown_table, plain_cell
from tasks.report.plots import bars
from tasks.report.summary import STATUSES_SHOWN, Summary

_MOST_NEEDS = 15
_MOST_ACTS = 30


def report_text(
    summary: Summary,
    categories: Categories,
    *,
    source: str,
    folder: str,
    estimate: str,
    links: Mapping[str, str],
    page_of: Callable[[str], str] = lambda _key: "",
) -> str:
    """The report as Markdown: what needs a person, what was done or would be, then figures.

    `links` are addresses by their labels. `page_of` gives the address of a mail's own page, or an empty string. They
    are Mailroom's own, never a mail's.
    """
    parts = [f"# {summary.sentence()}", ""]
    if summary.simulated:
        parts += ["> **Simulated.** A simulator answered in the providers' place; nothing was paid.", ""]
    if links:
        parts += [" · ".join(f"[{name}]({address})" for name, address in links.items()), ""]
    parts += _needs(summary, page_of) + _acts(summary) + _not_done(summary) + _errors(summary)
    if summary.mails:
        sorted_into = {name: summary.categories[name] for name in categories.in_order(summary.categories)}
        statuses: dict[str, int] = {name: summary.statuses[name] for name in STATUSES_SHOWN if summary.statuses[name]}
        picture = bars(sorted_into, statuses, ("Mails by category", "Mails by status"))
        parts += [
            "## Counts",
            "",
            f"![counts]({picture})",
            "",
            *markdown_table(("category", "mails"), sorted_into.items()),
        ]
    parts += markdown_table(("what", "how much"), _figures(summary, source, folder, estimate).items())
    parts += doubts_table(summary.doubts)
    if summary.sorted_by.keys() - {BY_MODEL}:
        parts += markdown_table(("sorted by", "mails"), _names(summary.sorted_by).items())
    parts += markdown_table(("model", "mails"), summary.models.most_common())
    return "\n".join(parts)


def _needs(summary: Summary, page_of: Callable[[str], str]) -> list[str]:
    """The section about mails that a person should look at first."""
    rows = summary.table.most_pressing()[:_MOST_NEEDS]
    if not rows:
        return ["## What needs you", "", "Nothing.", ""]
    more = summary.table.needed - len(rows)
    rest = [f"… and {more} more: they are first in the outcomes table.", ""] if more else []
    # A list, as one of Prefect's two UIs breaks no line in a table, and what matters would be off the screen.
    mails = [_need(row, page_of) for row in rows]
    return ["## What needs you", "", *mails, "", *rest, "`mailroom show KEY` tells all of a mail.", ""]


def _need(row: Mapping[str, Any], page_of: Callable[[str], str]) -> str:
    sender = f", from {row['from']}" if row["from"] else ""
    return f"- **{_why(row)}** – {row['subject']}{sender}: {row['summary']} {_key(row['key'], page_of)}"


def _why(row: Mapping[str, Any]) -> str:
    return f"{row['needs']}: {row['doubts']}" if row["doubts"] else str(row["needs"])


def _key(key: str, page_of: Callable[[str], str]) -> str:
    page = page_of(key)
    return f"[{key}]({page})" if page else key


def _acts(summary: Summary) -> list[str]:
    """The section about what was done or, in a dry run, would be done."""
    if not summary.acts:
        return []
    said = [(plain_cell(name, 80), count) for name, count in summary.acts.most_common(_MOST_ACTS)]
    return ["## What was done, or would be", "", *markdown_table(("effect", "mails"), dict(said).items())]


def _figures(summary: Summary, source: str, folder: str, estimate: str) -> dict[str, Any]:
    sent = f"{summary.calls - summary.cached_calls} asked for, {summary.cached_calls} known from before"
    return {
        "Source": f"`{plain_cell(source, 200)}`",
        "Time": f"{summary.seconds:.1f} s",
        "Reply wanted": summary.reply_wanted,
        "Answers": f"{sent}, in {summary.attempts} requests",
        "Tokens": f"{summary.input_tokens:,} in, {summary.output_tokens:,} out",
        "Cost was estimated at": estimate or "–",
        "Files": f"`{plain_cell(folder, 200)}`",
    }


def _not_done(summary: Summary) -> list[str]:
    if not summary.not_done:
        return []
    rows = [
        (
            one["action"], plain_cell(one["target"], 60), one["state"], plain_cell(one["detail"], 200),
            one["message_key"][:12],
        )
        for one in summary.not_done
    ]  # fmt: skip
    more = summary.effects_not_done - len(summary.not_done)
    rest = [f"… and {more} more; the outcome files have them all.", ""] if more else []
    return ["## Not done", "", *markdown_table(("action", "target", "state", "why", "mail"), rows), *rest]


def _errors(summary: Summary) -> list[str]:
    if not summary.errors:
        return []
    rows = [(name, count, plain_cell(summary.advice[name], 300)) for name, count in summary.errors.most_common()]
    return ["## Errors", "", *markdown_table(("type", "mails", "what happened, and what to do"), rows)]


def _names(counts: Counter[str]) -> dict[str, int]:
    return {plain_cell(name, 80): count for name, count in counts.most_common()}
