"""A run's summary: counts and sums that grow window by window, and sentences about them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.doubts import kind_of
from tasks.frames import Status
from tasks.ledger.thread_replies import REPLIES
from tasks.report.table import NOT_DONE, OutcomeTable, said_of

STATUSES_SHOWN: tuple[Status, ...] = ("COMPLETED", "FAILED", "SKIPPED", "PENDING", "PROCESSING")
"""In the order in which reports name them."""

EFFECTS_SHOWN = (
    "done", "planned", "dry run", "held", "failed", "ambiguous", "superseded", "rejected", "skipped", "claimed",
    "unknown",
)  # fmt: skip
"""States of effects, in the order in which reports name them."""
_MOST_NOT_DONE = 50


@dataclass(kw_only=True)
class Summary:
    """Sums over outcome rows. `cost_usd` leaves out calls whose price is unknown; `unpriced` counts their mails."""

    began: float = field(default_factory=time.time)
    statuses: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    sorted_by: Counter[str] = field(default_factory=Counter)
    """Who gave the categories: the model, a rule, a person or the classifier, each by its name."""
    effects: Counter[str] = field(default_factory=Counter)
    """Effects by the state that they had when their mail's outcome was made."""
    replies: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """State, words and mail of each reply reported so far: a later mail of its conversation may supersede it."""
    not_done: list[dict[str, Any]] = field(default_factory=list)
    """The first effects that failed or are ambiguous, as outcomes list them, with their mail's `message_key`."""
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
    nameless: int = 0
    """Failed mails without a known sender or subject: files that are no mail or could not be read."""
    curable: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    """How often each effect was done, held or would be done, by a few words for it."""
    table: OutcomeTable = field(default_factory=OutcomeTable)
    """The outcomes that the table artifact shows."""

    @property
    def mails(self) -> int:
        """How many mails have an outcome."""
        return self.statuses.total()

    def add(self, rows: list[dict[str, Any]], curable: int) -> None:
        """Add these outcome rows. `curable` of them failed for a temporary reason."""
        for row in rows:
            self._count(row)
        self.curable += curable
        self.table.add(rows)

    def _count(self, row: dict[str, Any]) -> None:
        self.statuses[row["status"]] += 1
        if row["category"]:
            self.categories[row["category"]] += 1
        if row["error_type"] and row["status"] != "PROCESSING":
            self.errors[row["error_type"]] += 1
            self.advice.setdefault(row["error_type"], row["error"])
        self.doubts.update(map(kind_of, row["doubts"]))
        if row["sorted_by"]:
            self.sorted_by[row["sorted_by"]] += 1
        if row["model"]:
            self.models[f"{row['provider']}:{row['model']}"] += 1
        for effect in row["effects"]:
            self._count_effect(effect, row["message_key"])
        self.urgent += row["urgent"]
        self.reply_wanted += row["reply_wanted"]
        self.duplicates += bool(row["duplicate_of"])
        self.nameless += row["status"] == "FAILED" and not row["sender"] and not row["subject"]
        for name in ("calls", "cached_calls", "attempts", "input_tokens", "output_tokens"):
            setattr(self, name, getattr(self, name) + row[name])
        self.simulated += row["simulated"]
        self.mail_seconds += row["seconds"]
        if row["cost_usd"] is None:
            self.unpriced += 1
        else:
            self.cost_usd += row["cost_usd"]

    def _count_effect(self, effect: dict[str, Any], message_key: str) -> None:
        if effect["state"] == "superseded":
            self._uncount(effect)
        elif effect["action"] in REPLIES:
            self.replies[effect["effect_id"]] = (effect["state"], said_of(effect), message_key)
        self.effects[effect["state"]] += 1
        self.acts[said_of(effect)] += 1
        if effect["state"] in NOT_DONE and len(self.not_done) < _MOST_NOT_DONE:
            self.not_done.append({**effect, "message_key": message_key})

    def _uncount(self, effect: dict[str, Any]) -> None:
        """Forget what an earlier window told of an effect that was superseded since."""
        if effect["effect_id"] not in self.replies:
            return
        state, said, message_key = self.replies.pop(effect["effect_id"])
        self.effects -= Counter([state])  # which drops what comes to zero
        self.acts -= Counter([said])
        self.table.take_back(message_key, said, said_of(effect))

    @property
    def effects_not_done(self) -> int:
        """How many effects failed, are ambiguous, or are unknown because their chunk was lost."""
        return sum(self.effects[state] for state in NOT_DONE)

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.time() - self.began

    def sentence(self) -> str:
        """The run in one line: `26 mails: 24 completed, 2 failed, $0.0123; effects: 9 done, 2 held`."""
        counted = [f"{self.statuses[name]} {name.lower()}" for name in STATUSES_SHOWN if self.statuses[name]]
        parts = [*counted, self.cost()]
        if self.simulated:
            parts.append("answers simulated")
        said = f"{self.mails} {'mail' if self.mails == 1 else 'mails'}: {', '.join(parts)}"
        return f"{said}; effects: {count_words(self.effects)}" if self.effects else said

    def cost(self) -> str:
        """The cost in US dollars, with a remark where prices are unknown."""
        said = f"${self.cost_usd:.4f}"
        return f"{said} and {self.unpriced} mails of unknown price" if self.unpriced else said


def count_words(effects: Mapping[str, int]) -> str:
    """The numbers of effects by state as text: `9 done, 2 held`, or `none`."""
    known = [state for state in EFFECTS_SHOWN if effects.get(state)]
    others = sorted(state for state in effects if state not in EFFECTS_SHOWN)
    return ", ".join(f"{effects[state]} {state}" for state in [*known, *others]) or "none"
