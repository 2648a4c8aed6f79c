"""One outcome row for each mail, joined from the frames of all stages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from tasks import beside
from tasks.frames import Decisions, Effects, Messages, Readings, Skipped, joined, records
from tasks.ledger.costs import Spending

Row = dict[str, Any]

_OF_MESSAGE = ("message_key", "subject", "sender", "target_language", "kind", "attachments", "parse_defects")
_OF_READING = (
    "category", "summary", "translation", "action_items", "replies", "sorted_by", "needs_reply", "complexity",
    "confidence", "reason", "doubts", "provider", "model", "model_reason", "calls", "cached_calls", "simulated",
    "seconds", "error_type", "error",
)  # fmt: skip
_OF_DECISION = ("urgent", "reply_wanted", "rule", "actions")
_UNREAD: Row = {
    "category": None, "summary": "", "translation": "", "action_items": [], "replies": [], "urgent": False,
    "reply_wanted": False, "rule": "", "actions": [], "effects": [], "complexity": None, "confidence": None,
    "sorted_by": "", "needs_reply": False, "reason": "", "doubts": [],
    "provider": "", "model": "", "model_reason": "", "calls": 0, "cached_calls": 0, "attempts": 0, "input_tokens": 0,
    "output_tokens": 0, "cost_usd": 0.0, "simulated": False, "seconds": 0.0, "error_type": None, "error": "",
    "duplicate_of": "", "likely_duplicate_of": "", "left_out": [], "beside": [],
}  # fmt: skip


def outcome_rows(
    messages: DataFrame[Messages],
    readings: DataFrame[Readings],
    decisions: DataFrame[Decisions],
    effects: DataFrame[Effects],
    spent: Mapping[str, Spending],
) -> list[Row]:
    """Rows of `Outcomes` in the order of `messages`. Their values are plain Python, so that they can be stored as JSON.

    Raises:
        KeyError: A message has no reading or no decision.
    """
    read = _by_key(readings)
    decided = _by_key(decisions)
    done = dict(zip(effects["message_key"], effects["effects"], strict=True))
    now = utc_now()
    rows = []
    for message in records(messages):
        key = message["message_key"]
        reading, decision = read[key], decided[key]
        row = {"id": message["source_id"], "status": _status(reading), "duplicate_of": "", "processed_at": now}
        row |= {name: message[name] for name in (*_OF_MESSAGE, "left_out")}
        row |= {name: _plain(reading[name]) for name in _OF_READING}
        row |= {name: decision[name] for name in _OF_DECISION} | {"beside": _beside(message, reading)}
        row |= {"effects": done.get(key, []), "likely_duplicate_of": message["likely_duplicate_of"] or ""}
        row |= {"language": joined(message, reading)["language"], **_spending(spent[key])}
        rows.append(row)
    return rows


def skipped_rows(skipped: DataFrame[Skipped], effects: DataFrame[Effects] | None = None) -> list[Row]:
    """Rows of `Outcomes` for mails that were left alone, but for being marked in another mailbox that has them."""
    now = utc_now()
    done = {} if effects is None else dict(zip(effects["message_key"], effects["effects"], strict=True))
    return [
        _UNREAD
        | {name: mail[name] for name in _OF_MESSAGE}
        | {"id": mail["source_id"], "status": "SKIPPED", "language": mail["language"], "reason": mail["reason"]}
        | {"duplicate_of": mail["message_key"] if mail["repeats"] else "", "processed_at": now}
        | {"effects": done.pop(mail["message_key"], [])}
        for mail in records(skipped)
    ]


def utc_now() -> str:
    """The current time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _beside(message: Row, reading: Row) -> list[str]:
    """Names of what a model was shown beside the mail; with nothing but its category asked, that was nothing."""
    if reading["replies"]:
        return beside.names(message)
    return beside.names(beside.without_replies(message)) if reading["summary"] else []


def _by_key(frame: pd.DataFrame) -> dict[str, Row]:
    return {row["message_key"]: row for row in records(frame)}


def _status(reading: Row) -> str:
    if _plain(reading["error_type"]) is None:
        return "COMPLETED"
    # The budget or the end of the run kept the mail from being tried: the next run processes it.
    waiting = {"BUDGET_EXCEEDED": "PENDING", "STOPPED": "PENDING", "AWAITING_BATCH": "PROCESSING"}
    return waiting.get(reading["error_type"], "FAILED")


def _plain(value: object) -> object:
    # pandas stores a missing text or number as NaN, the only value that does not equal itself.
    return None if isinstance(value, float) and value != value else value


def _spending(spent: Spending) -> Row:
    return {
        "attempts": spent.attempts,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost_usd": None if spent.cost_usd is None else float(spent.cost_usd),
    }
