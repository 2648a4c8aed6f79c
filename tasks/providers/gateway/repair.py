"""Reading an answer strictly, and asking once more with what was wrong with the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tasks.providers.apis.schemas import strict_schema
from tasks.questions import Question

T = TypeVar("T", bound=BaseModel)

_MOST_FAULTS = 5


def read_answer(answer: type[T], text: str) -> tuple[T | None, str]:
    """The answer as its type and no fault, or none and what is wrong with it, without a word of the answer itself."""
    try:
        return answer.model_validate_json(text), ""
    except ValidationError as error:
        return None, _faults(answer, error)


def repaired(question: Question[T], faults: str) -> Question[T]:
    """The question again, with what was wrong with the first answer to it."""
    again = f"A first answer was not accepted: {faults}. Answer again, with one JSON object that keeps to the schema."
    return replace(question, text=f"{question.text}\n\n{again}", follows=True)


def _faults(answer: type[BaseModel], error: ValidationError) -> str:
    known = frozenset(_names(strict_schema(answer, "openai")))
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{_place(one['loc'], known)}{one['msg']}" for one in found[:_MOST_FAULTS]]
    more = [f"and {len(found) - _MOST_FAULTS} more"] if len(found) > _MOST_FAULTS else []
    return "; ".join(told + more)


def _place(path: tuple[int | str, ...], known: frozenset[str]) -> str:
    # A field that the schema does not know was named by the model, perhaps in the mail's words.
    steps = [str(step) if isinstance(step, int) or step in known else "(unknown field)" for step in path]
    return f"`{'.'.join(steps)}`: " if steps else ""


def _names(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("properties", {})
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _names(item)
