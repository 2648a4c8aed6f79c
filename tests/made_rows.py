"""Complete, typical rows of the frames. A test sets only the columns that it is about."""

from __future__ import annotations

from typing import Any

from tasks.frames import Outcomes
from tasks.understand.understand import blank_reading


def message_row(**columns: Any) -> dict[str, Any]:
    """A mail as ingest leaves it."""
    row: dict[str, Any] = {
        "message_key": "m1", "fence": 1, "source_id": "1", "sender": "Ann <ann@a.example>", "sender_name": "Ann",
        "subject": "Hello", "date": "", "kind": "mail", "text": "body", "language": "en", "target_language": "en",
        "attachments": [], "media": [], "tokens": 3, "parse_defects": [], "doubts": [], "left_out": [], "automatic": "",
        "likely_duplicate_of": "", "thread_size": 1, "answered": False, "last_from_us": False, "unreadable": "",
        "earlier": [], "style": "", "passages": [],
    }  # fmt: skip
    return row | columns


def reading_row(**columns: Any) -> dict[str, Any]:
    """A mail as understand leaves it: sorted, and read without an error."""
    read = {
        "category": "OTHER",
        "language": "en",
        "complexity": "simple",
        "confidence": 0.9,
        "provider": "openai",
        "model": "m",
    }
    return blank_reading("m1", None) | read | columns


def outcome_row(**columns: Any) -> dict[str, Any]:
    """A mail as everyone outside sees it: completed, with nothing to be done."""
    made = dict.fromkeys(Outcomes.names(), "") | message_row() | reading_row()
    made |= {
        "id": "1", "status": "COMPLETED", "actions": [], "effects": [], "urgent": False, "reply_wanted": False,
        "beside": [], "attempts": 2, "input_tokens": 1_000, "output_tokens": 100, "cost_usd": 0.01, "rule": "none",
    }  # fmt: skip
    return {name: (made | columns)[name] for name in Outcomes.names()}
