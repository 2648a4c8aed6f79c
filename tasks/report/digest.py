"""A day in numbers: mails, urgent ones, those that wait for an answer, costs, and trends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from tasks.categories import Categories
from tasks.doubts import kind_of
from tasks.report.doubts_table import doubts_table
from tasks.report.plain import markdown_table, plain_cell
from tasks.report.plots import trend
from tasks.report.summary import count_words

_LISTED = 50
_UNREAD = "unread"
_COLUMNS = (
    "message_key", "processed_at", "status", "category", "error_type", "provider", "simulated", "urgent",
    "reply_wanted", "answered", "subject", "sender", "doubts", "cost_usd",
)  # fmt: skip


def digest_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows of `tasks.ledger.daily_outcomes.outcomes_since` with a column `day` (a UTC date).

    An empty frame has the same columns.
    """
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    frame["day"] = pd.to_datetime(frame["processed_at"].astype(float), unit="s", utc=True).dt.date
    return frame


def digest_text(
    mails: pd.DataFrame, day: date, categories: Categories, effects: Mapping[str, int], held: int,
    follow_ups: Sequence[str] = (),
) -> str:  # fmt: skip
    """The digest of `day` (UTC) as Markdown; days before it in `mails` are for the trend alone.

    `follow_ups` are lines of Markdown.
    """
    today = mails[mails["day"] == day]
    waiting = today[today["reply_wanted"].astype(bool) & ~today["answered"].astype(bool)]
    urgent = today[today["urgent"].astype(bool)]
    parts = [f"# {day:%A, %d %B %Y}", "", _sentence(today, urgent, waiting), ""]
    parts += [f"Effects, those of dry runs left out: {count_words(effects)}. Held for a person by now: {held}.", ""]
    if len(mails):
        parts += [f"![trend]({trend(*_by_day(mails, categories), titles=('Mails a day', 'US dollars a day'))})", ""]
    parts += _counts(today, categories)
    parts += _listed("Urgent", urgent) + _listed("Waiting for an answer", waiting)
    parts += follow_ups
    parts += _errors(today) + doubts_table(_doubts(today))
    return "\n".join(parts)


def _sentence(today: pd.DataFrame, urgent: pd.DataFrame, waiting: pd.DataFrame) -> str:
    unpriced = int(today["cost_usd"].isna().sum())
    cost = f"${today['cost_usd'].sum():.4f}" + (f" and {unpriced} mails of unknown price" if unpriced else "")
    simulated = " Answers were simulated." if today["simulated"].astype(bool).any() else ""
    return (
        f"{len(today)} mails, {len(urgent)} urgent, {len(waiting)} waiting for an answer, "
        f"{int((today['status'] == 'FAILED').sum())} failed; {cost}.{simulated}"
    )


def _by_day(mails: pd.DataFrame, categories: Categories) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Mails by day (rows) and category (columns), and US dollars by day."""
    known = mails.assign(category=mails["category"].fillna(_UNREAD))
    counts = known.pivot_table(index="day", columns="category", values="message_key", aggfunc="count", fill_value=0)
    unread = [_UNREAD] if _UNREAD in counts.columns else []
    ordered = [*categories.in_order(name for name in counts.columns if name != _UNREAD), *unread]
    return counts[ordered], mails.groupby("day")["cost_usd"].sum()


def _counts(today: pd.DataFrame, categories: Categories) -> list[str]:
    counts = today["category"].value_counts()
    return markdown_table(("category", "mails"), [(name, counts[name]) for name in categories.in_order(counts.index)])


def _listed(title: str, mails: pd.DataFrame) -> list[str]:
    if mails.empty:
        return []
    rows = [
        (plain_cell(row["subject"], 60), plain_cell(row["sender"], 40), row["category"] or "", row["message_key"][:12])
        for row in mails.head(_LISTED).to_dict("records")
    ]
    more = [f"… and {len(mails) - _LISTED} more."] if len(mails) > _LISTED else []
    return [f"## {title}", "", *markdown_table(("subject", "sender", "category", "key"), rows), *more]


def _doubts(today: pd.DataFrame) -> Counter[str]:
    return Counter(kind_of(doubt) for doubts in today["doubts"] for doubt in doubts or [])


def _errors(today: pd.DataFrame) -> list[str]:
    counts = today["error_type"].value_counts()
    table = markdown_table(("type", "mails"), [(name, count) for name, count in counts.items()])
    return ["## Errors", "", *table] if table else []
