"""Passages of the operator's own texts that fit a mail, to be shown to the model that suggests replies to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.knowledge.index import found_in
from tasks.knowledge.passages import Passage
from tasks.providers.catalogue.tokens import estimate_tokens
from tasks.settings import Settings

_HEAD = 50
"""Tokens of the marks and the name about each of them."""
_SEARCHED = 6_000  # characters of a mail


def with_passages(rows: Mapping[str, dict[str, Any]], settings: Settings) -> None:
    """Put into each row the passages that fit its mail, the best first, within the setting's tokens."""
    if settings.knowledge_dir is None:
        return
    asked = [f"{row['subject']}\n{row['text']}"[:_SEARCHED] for row in rows.values()]
    for row, found in zip(rows.values(), found_in(settings.knowledge_dir, asked), strict=True):
        if not row["unreadable"]:
            row["passages"] = _fitting(found, settings.knowledge_tokens)


def _fitting(passages: list[Passage], most_tokens: int) -> list[dict[str, str]]:
    shown, left = [], most_tokens
    for one in passages:
        left -= _HEAD + estimate_tokens(one.text)
        if left < 0:
            break
        shown.append({"name": one.name, "text": one.text})
    return shown
