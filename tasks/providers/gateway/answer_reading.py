"""Reading an answer as it is meant: the one JSON object in its text, whatever stands around it.

An answer that is exactly as asked for is validated at once. If that fails, the object is looked for in the text, and
differences in form alone are put right: the case of a fixed word, a field too many. Values are never invented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tasks.providers.apis.schemas import plain_schema

T = TypeVar("T", bound=BaseModel)

_MOST_FAULTS = 5
_MOST_STARTS = 50
"""Braces at which an object is looked for; a text may hold thousands that begin none."""
_THOUGHTS_END = re.compile(
    r"</(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratchpad)\s*>|<\|channel\|>\s*final",
    re.IGNORECASE,
)
_DECODER = json.JSONDecoder(strict=False)  # a line break in a text is meant as one


def read_answer(answer: type[T], text: str) -> tuple[T | None, str]:
    """The answer as its type and no fault, or none and what is wrong with it, without a word of the answer itself."""
    try:
        return answer.model_validate_json(text), ""
    except ValidationError as error:
        return _meant(answer, text, error)


def fitted(answer: type[BaseModel], value: object) -> object:
    """`value` with what differs from the type in form alone put right: fixed words in another case, fields too many."""
    return _fitted(value, plain_schema(answer))


def _meant(answer: type[T], text: str, error: ValidationError) -> tuple[T | None, str]:
    """The answer among the objects in the text; none where there is none, or where several say different things."""
    found: list[T] = []
    for value in _objects(text):
        try:
            found.append(answer.model_validate(fitted(answer, value)))
        except ValidationError as failure:
            error = failure
    if not found:
        return None, _faults(answer, error)
    if any(other != found[0] for other in found):
        return None, "it holds several objects that say different things"
    return found[0], ""


def _objects(text: str) -> list[dict[str, Any]]:
    """The outermost JSON objects in the text behind any thoughts; those in the whole text where there are none."""
    ends = [match.end() for match in _THOUGHTS_END.finditer(text)]
    behind = list(_scanned(text[ends[-1] :])) if ends else []
    return behind or list(_scanned(text))


def _scanned(text: str) -> Iterator[dict[str, Any]]:
    if text.lstrip("\ufeff \r\n\t").startswith('"'):  # JSON within a JSON text
        try:
            inner, _ = _DECODER.raw_decode(text, text.index('"'))
        except (ValueError, RecursionError):
            inner = text
        text = inner if isinstance(inner, str) else text
    start, tries = text.find("{"), 0
    while start >= 0 and tries < _MOST_STARTS:
        tries += 1
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield _unwrapped(value)
        start = text.find("{", end)


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    """The object within, where the outer one holds nothing else: some name the answer before they give it."""
    while len(value) == 1:
        (inner,) = value.values()
        if not isinstance(inner, dict):
            break
        value = inner
    return value


def _fitted(value: object, node: dict[str, Any]) -> object:
    if isinstance(value, dict) and "properties" in node:
        return {name: _fitted(value[name], part) for name, part in node["properties"].items() if name in value}
    if isinstance(value, list) and isinstance(node.get("items"), dict):
        return [_fitted(item, node["items"]) for item in value]
    if isinstance(value, str) and "enum" in node:
        return _cased(value, node["enum"])
    return value


def _cased(word: str, allowed: list[Any]) -> str:
    """The allowed word that this one differs from in case, blanks or quotes alone; else the word as it is."""
    plain = word.strip(" \t\r\n\"'`*.").casefold()
    return next((one for one in allowed if isinstance(one, str) and one.casefold() == plain), word)


def _faults(answer: type[BaseModel], error: ValidationError) -> str:
    known = _names(answer)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{_place(one['loc'], known)}{one['msg']}" for one in found[:_MOST_FAULTS]]
    more = [f"and {len(found) - _MOST_FAULTS} more"] if len(found) > _MOST_FAULTS else []
    return "; ".join(told + more)


def _place(path: tuple[int | str, ...], known: frozenset[str]) -> str:
    # A field that the schema does not know was named by the model, perhaps in the mail's words.
    steps = [str(step) if isinstance(step, int) or step in known else "(unknown field)" for step in path]
    return f"`{'.'.join(steps)}`: " if steps else ""


@cache
def _names(answer: type[BaseModel]) -> frozenset[str]:
    """The names of all fields of the type, at any depth."""

    def walk(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from node.get("properties", {})
            node = list(node.values())
        for item in node if isinstance(node, list) else ():
            yield from walk(item)

    return frozenset(walk(plain_schema(answer)))
