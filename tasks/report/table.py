"""The outcomes table in Prefect's UI: short rows, with mails that need a person first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tasks.doubts import words
from tasks.report.plain import narrow_cell, plain_cell

Row = dict[str, Any]
MOST_ROWS = 500
"""Most rows in the table. Browsers get slow with more, and the outcome files have all of them."""
NOT_DONE = frozenset({"failed", "ambiguous", "unknown"})
"""States of effects that should have been performed and, as far as is known, were not."""


_TIME_OF_DAY = re.compile(r"(?<=^\d{4}-\d\d-\d\d)[T ].*", re.DOTALL)
_NEAR = timedelta(days=180)
"""Within it a day needs no year."""
_TO_APPROVE = "approve"
_PLANNED = ("dry run", "planned")
_ACTS = ("failed", "ambiguous", "unknown", "held", "claimed", "would", "done")
"""States of effects that the table counts, the most pressing first; `would` is a dry run's."""


@dataclass(kw_only=True)
class OutcomeTable:
    """The table's rows, collected window by window: mails that need a person, and the first ones of the others."""

    pressing: list[tuple[int, Row]] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    needed: int = 0
    """How many mails need a person, shown or not."""

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add these outcomes."""
        for row in rows:
            rank, needs = needs_person(row)
            self.needed += bool(needs)
            if needs and len(self.pressing) < MOST_ROWS:
                self.pressing.append((rank, table_row(row, needs)))
            elif not needs and len(self.others) < MOST_ROWS:
                self.others.append(table_row(row, needs))

    def take_back(self, message_key: str, said: str, says_now: str) -> None:
        """Tell anew of a reply that waits for nobody any more, as a later mail is answered in its mail's place."""
        for place, (_, row) in enumerate(self.pressing):
            if row["key"] == message_key[:12]:
                now = (says_now, says_now.rpartition(" ")[2])
                row["done"] = [now if one[0] == said else one for one in row["done"]]
                row["needs"] = ", ".join(word for word in row["needs"].split(", ") if word != _TO_APPROVE)
                if not row["needs"]:
                    del self.pressing[place]
                    self.others.append(row)
                    self.needed -= 1
                return

    def rows(self) -> list[Row]:
        """At most `MOST_ROWS` rows, the most urgent first."""
        return [_as_shown(row) for row in [*self.most_pressing(), *self.others][:MOST_ROWS]]

    def most_pressing(self) -> list[Row]:
        """The rows of mails that need a person, the most urgent first, with cells as long as a page has room for."""
        return [row for _, row in sorted(self.pressing, key=lambda ranked: ranked[0])]


def needs_person(row: Mapping[str, Any]) -> tuple[int, str]:
    """The outcome's urgency (0 is the most urgent), and why a person should look at it; empty if nobody needs to."""
    reasons = [
        (0, "failed", row["status"] == "FAILED"),
        (1, "not done", any(effect["state"] in NOT_DONE for effect in row["effects"])),
        (2, "urgent", row["urgent"]),
        (3, _TO_APPROVE, any(effect["state"] == "held" for effect in row["effects"])),
        (4, "doubt", bool(row["doubts"]) and row["status"] == "COMPLETED"),
    ]
    found = [(rank, words) for rank, words, holds in reasons if holds]
    return (found[0][0], ", ".join(why for _, why in found)) if found else (len(reasons), "")


def table_row(row: Mapping[str, Any], needs: str) -> Row:
    """A row as it is collected, with a list of its effects. A browser runs and fetches nothing from it."""
    return {
        "needs": plain_cell(needs or _wanted(row), 30),
        "category": plain_cell(row["category"] or row["status"].lower(), 12),
        "from": narrow_cell(row["sender"].partition(" <")[0].strip('"'), 30),
        "subject": narrow_cell(row["subject"] or row["id"], 60),
        "due": plain_cell(_due(row), 9),
        "acts": "",
        "cost $": "?" if row["cost_usd"] is None else f"{row['cost_usd']:.4f}",
        "summary": plain_cell(_summary_of(row), 90),
        "done": [(said_of(effect), effect["state"]) for effect in row["effects"]],
        "doubts": plain_cell(words(row["doubts"]), 60),
        "key": row["message_key"][:12],
    }


def _as_shown(row: Row) -> Row:
    """The row as the table has it, with its effects as text, and in `acts` the most pressing state, as `2 held +1`.

    Prefect's newer UI shows about 75 characters of a line on a small screen, and does not wrap lines. So short columns
    come first: the reason to look, the category, who wrote about what, the due date, the effects' states, the cost.
    """
    states = Counter("would" if state in _PLANNED else state for _, state in row["done"])
    first = next((state for state in _ACTS if states[state]), "")
    others = sum(states[state] for state in _ACTS) - states[first]
    acts = f"{states[first]} {first}{f' +{others}' if others else ''}" if first else ""
    # What the category says needs no second column.
    needs = ", ".join(word for word in row["needs"].split(", ") if word.upper() != row["category"])
    short = {"needs": needs or row["needs"], "from": narrow_cell(row["from"], 12)}
    short |= {"subject": narrow_cell(row["subject"], 20), "acts": acts}
    return {**row, **short, "done": plain_cell("; ".join(said for said, _ in row["done"]), 60)}


def _wanted(row: Mapping[str, Any]) -> str:
    items = len(row["action_items"])
    parts = ["reply"] if row["reply_wanted"] else []
    return ", ".join(parts + ([f"{items} to do"] if items else []))


def _summary_of(row: Mapping[str, Any]) -> str:
    if row["error_type"]:
        return f"{row['error_type']}: {row['error']}"
    return str(row["translation"] or row["summary"] or row["reason"])


def _due(row: Mapping[str, Any]) -> str:
    """The first day by which something is to be done, or what the mail says in place of a day."""
    said = [str(item["due"]) for item in row["action_items"] if item.get("due")]
    first = min((_TIME_OF_DAY.sub("", due) for due in said), default="")
    try:
        day = date.fromisoformat(first)
    except ValueError:  # words of the mail
        return first
    return f"{day:%b} {day.day}" if abs(day - date.today()) < _NEAR else f"{day:%b %Y}"


def said_of(effect: Mapping[str, Any]) -> str:
    """A few words about an effect: `draft_reply held`, `would label invoices`."""
    what = f"{effect['action']} {effect['target']}" if effect["action"] in _TARGET_TELLS else str(effect["action"])
    if effect["state"] in _PLANNED:
        return f"would {what}"
    return what if effect["state"] == "done" else f"{what} {effect['state']}"


# These targets are the operator's own names. A reply's target is an address, which is too long for a cell.
_TARGET_TELLS = frozenset({"label", "flag", "move", "webhook", "append_row"})
