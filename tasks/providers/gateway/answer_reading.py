"""Reads a model's answer: finds the one JSON object in its text, whatever surrounds it.

An answer that fits the schema is validated at once. If that fails, the object is searched for in the text, and
differences of form are corrected: the case of a fixed word, an extra field. Values are never invented.
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
"""How many braces are tried as the start of an object; a text may have thousands that start none."""
_THOUGHTS_END = re.compile(
    r"</(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratchpad)\s*>|<\|channel\|>\s*final",
    re.IGNORECASE,
)
_DECODER = json.JSONDecoder(strict=False)  # accepts line breaks within strings


def read_answer(answer: type[T], text: str) -> tuple[T | None, str]:
    """The validated answer and an empty string; or null and what is wrong, without any words of the answer."""
    try:
        return answer.model_validate_json(text), ""
    except ValidationError as error:
        return _searched(answer, text, error)


def fitted(answer: type[BaseModel], value: object) -> object:
    """`value` with differences of form corrected: fixed words in another case, extra fields."""
    return _fitted(value, plain_schema(answer))


def _searched(answer: type[T], text: str, error: ValidationError) -> tuple[T | None, str]:
    """The answer among the objects in the text; null where there is none, or where several differ."""
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
    """The outermost JSON objects after any thinking section; those of the whole text where there are none after it."""
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
    """The inner object if the outer one has nothing else: some models wrap the answer in an object with one field."""
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
    """The allowed word that equals this one except for case, blanks and quotes; else the word unchanged."""
    plain = word.strip(" \t\r\n\"'`*.").casefold()
    return next((one for one in allowed if isinstance(one, str) and one.casefold() == plain), word)


def _faults(answer: type[BaseModel], error: ValidationError) -> str:
    known = _names(answer)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    faults = [f"{_place(one['loc'], known)}{one['msg']}" for one in found[:_MOST_FAULTS]]
    more = [f"and {len(found) - _MOST_FAULTS} more"] if len(found) > _MOST_FAULTS else []
    return "; ".join(faults + more)


def _place(path: tuple[int | str, ...], known: frozenset[str]) -> str:
    # The name of an unknown field is the model's and may contain words of the mail, so it is not shown.
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
