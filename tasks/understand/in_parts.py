"""Reads a mail that is too long for one question: part by part, then as the notes on all parts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tasks.parsing.cutting import split_text
from tasks.providers.catalogue.tokens import estimate_tokens
from tasks.questions import Completion, Question
from tasks.understand import prompts
from tasks.understand.answers import Answer, analysis_of

Ask = Callable[[Question[Answer]], Awaitable[Completion[Answer]]]
_NOTES = analysis_of(frozenset({"summary", "action_items"}))
_MOST_ITEMS = 20


def is_long(mail: Mapping[str, Any], max_tokens: int | None) -> bool:
    """Whether the mail must be read in parts. With `max_tokens` null, no mail is."""
    return max_tokens is not None and mail["tokens"] > max_tokens


async def notes_on(
    mail: dict[str, Any], max_tokens: int, ask: Ask
) -> tuple[dict[str, Any], list[Any], list[Completion[Answer]]]:
    """The mail with the notes on its parts as its text, the parts' action items, and the answers about the parts."""
    parts = split_text(mail["text"], max_tokens, estimate_tokens)
    questions = [_question(mail, part, number, len(parts)) for number, part in enumerate(parts, 1)]
    answers = await asyncio.gather(*(ask(question) for question in questions))
    found = [answer.value.model_dump() for answer in answers]
    text = "\n\n".join(f"[Part {n} of {len(parts)}] {one['summary']}" for n, one in enumerate(found, 1))
    items = [item for one in found for item in one["action_items"]]
    return mail | {"text": text}, items[:_MOST_ITEMS], list(answers)


def _question(mail: dict[str, Any], part: str, number: int, of: int) -> Question[Answer]:
    return Question(
        name="part", version=prompts.PART_VERSION, instructions=prompts.PART,
        text=prompts.part_text(mail | {"text": part}, number, of), answer=_NOTES, follows=True,
    )  # fmt: skip
