"""What a run came to: counts and sums that grow window by window, and the words for them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tasks.frames import Status
from tasks.report.table import table_rows

STATUSES_SHOWN: tuple[Status, ...] = ("COMPLETED", "FAILED", "SKIPPED", "PENDING", "PROCESSING")
"""In the order in which reports name them."""

MAX_TABLE_ROWS = 1_000
"""Rows of a run that the table artifact shows; a browser gets slow beyond, and the files hold them all."""


@dataclass(kw_only=True)
class Summary:
    """Sums over outcome rows. `cost_usd` leaves out calls whose price is unknown; `unpriced` counts their mails."""

    began: float = field(default_factory=time.time)
    statuses: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    advice: dict[str, str] = field(default_factory=dict)
    urgent: int = 0
    reply_wanted: int = 0
    duplicates: int = 0
    calls: int = 0
    cached_calls: int = 0
    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    simulated: int = 0
    mail_seconds: float = 0.0
    curable: int = 0
    table: list[dict[str, Any]] = field(default_factory=list)
    """The first outcomes as the table artifact shows them."""

    @property
    def mails(self) -> int:
        """How many mails were met."""
        return self.statuses.total()

    def add(self, rows: list[dict[str, Any]], curable: int) -> None:
        """Count these outcome rows in; `curable` of them failed for a reason the next run may find gone."""
        for row in rows:
            self._count(row)
        self.curable += curable
        self.table += table_rows(rows[: MAX_TABLE_ROWS - len(self.table)])

    def _count(self, row: dict[str, Any]) -> None:
        self.statuses[row["status"]] += 1
        if row["category"]:
            self.categories[row["category"]] += 1
        if row["error_type"] and row["status"] != "PROCESSING":
            self.errors[row["error_type"]] += 1
            self.advice.setdefault(row["error_type"], row["error"])
        self.doubts.update(doubt.partition(":")[0] for doubt in row["doubts"])
        if row["model"]:
            self.models[f"{row['provider']}:{row['model']}"] += 1
        self.urgent += row["urgent"]
        self.reply_wanted += row["reply_wanted"]
        self.duplicates += bool(row["duplicate_of"])
        for name in ("calls", "cached_calls", "attempts", "input_tokens", "output_tokens"):
            setattr(self, name, getattr(self, name) + row[name])
        self.simulated += row["simulated"]
        self.mail_seconds += row["seconds"]
        if row["cost_usd"] is None:
            self.unpriced += 1
        else:
            self.cost_usd += row["cost_usd"]

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.time() - self.began

    def sentence(self) -> str:
        """The run in one line: `26 mails: 24 completed, 1 failed, 1 skipped, $0.0123`."""
        counted = [f"{self.statuses[name]} {name.lower()}" for name in STATUSES_SHOWN if self.statuses[name]]
        parts = [*counted, self.cost()]
        if self.simulated:
            parts.append("answers simulated")
        return f"{self.mails} {'mail' if self.mails == 1 else 'mails'}: {', '.join(parts)}"

    def cost(self) -> str:
        """The cost in dollars; says so where prices are unknown."""
        said = f"${self.cost_usd:.4f}"
        return f"{said} and {self.unpriced} mails of unknown price" if self.unpriced else said
