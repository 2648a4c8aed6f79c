"""The operator's rules: a file, or Prefect Variables that can be edited in the UI; where neither is, the shipped ones.

A Variable holds less than 5,000 characters, so more rules go on in `mailroom-rules-2`, `mailroom-rules-3`, …: each is
whole JSON of its own, and their lists are joined in this order. A section that none of them has is the shipped one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from prefect.variables import Variable

from tasks.decide.conditions import CONDITION_MS
from tasks.decide.rules import RuleBook, load_rules
from tasks.errors import Misconfigured

VARIABLE = "mailroom-rules"
_SECTIONS = ("analyses", "rules", "never_send")
_MOST_PARTS = 20


def read_rules(file: Path | None, condition_ms: int = CONDITION_MS) -> RuleBook:
    """The rules of this file, or of the Variables; checked as a whole. See `load_rules` for `condition_ms`.

    Raises:
        Misconfigured: Names where they stand, the first bad rule, its position and what is wrong with it.
    """
    parts = [_read_file(file)] if file else list(_variables())
    if not parts:
        return load_rules(None, condition_ms)
    where = " and ".join(name for name, _ in parts)
    try:
        return load_rules(json.dumps(_joined(parts), ensure_ascii=False), condition_ms)
    except Misconfigured as bad:
        raise Misconfigured(f"{where}: {bad}") from bad


def _read_file(file: Path) -> tuple[str, Any]:
    where = f"The rules in `{file}`"
    try:
        return where, _parsed(file.read_text(encoding="utf-8"), where)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{where} cannot be read: {error}.") from error


def _variables() -> Iterator[tuple[str, Any]]:
    for number in count(1):
        name = VARIABLE if number == 1 else f"{VARIABLE}-{number}"
        value: Any = Variable.get(name)
        if value is None or number > _MOST_PARTS:
            return
        where = f"The rules in Prefect Variable `{name}`"
        yield where, _parsed(value, where) if isinstance(value, str) else value


def _parsed(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Misconfigured(f"{where} are no JSON: {error}.") from error


def _joined(parts: list[tuple[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for where, part in parts:
        if not isinstance(part, dict) or any(not isinstance(part.get(name, []), list) for name in _SECTIONS):
            raise Misconfigured(f"{where} are no object with the lists `analyses`, `rules` and `never_send`.")
        for name, value in part.items():
            joined[name] = joined.get(name, []) + value if name in _SECTIONS else value
    shipped: dict[str, Any] = json.loads(load_rules().text)
    return shipped | joined
