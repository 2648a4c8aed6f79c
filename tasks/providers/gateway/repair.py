"""Asking once more where an answer was not as asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from tasks.questions import Question, Repair

T = TypeVar("T", bound=BaseModel)

_MOST_SHOWN = 8_000
"""Characters of a bad answer that are shown to the model again."""


def repaired(question: Question[T], answer: str, faults: str) -> Question[T]:
    """The question with its first answer and what was wrong with it as a further turn; once more where it was empty."""
    shown = answer.strip()[:_MOST_SHOWN]
    said = (
        f"This was not accepted: {faults}. Answer again with one JSON object that keeps to the schema, "
        "and nothing else."
    )
    return replace(question, repair=Repair(answer=shown, said=said) if shown else None, follows=True)
