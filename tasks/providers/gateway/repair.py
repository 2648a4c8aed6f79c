"""Asks again after an answer that does not fit the schema."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from tasks.questions import Question, Repair

T = TypeVar("T", bound=BaseModel)

_MOST_SHOWN = 8_000
"""How many characters of a bad answer are sent back to the model."""


def repaired(question: Question[T], answer: str, faults: str) -> Question[T]:
    """The question with a further turn: its bad answer and what is wrong with it. Without the turn if it was empty."""
    shown = answer.strip()[:_MOST_SHOWN]
    said = (
        f"This was not accepted: {faults}. Answer again with one JSON object that keeps to the schema, "
        "and nothing else."
    )
    return replace(question, repair=Repair(answer=shown, said=said) if shown else None, follows=True)
