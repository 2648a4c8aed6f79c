"""The operator's rules, from a file or from Prefect Variables that can be edited in the UI; else the shipped rules.

A Variable holds fewer than 5,000 characters, so longer rules continue in `mailroom-rules-2`, `mailroom-rules-3`, and so
on. Each is complete JSON, and their lists are joined in this order. A section that none of them has is the shipped one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.decide.category_names import check_categories
from tasks.decide.conditions import CONDITION_MS
from tasks.decide.rules import RuleBook, load_rules
from tasks.errors import Misconfigured
from tasks.variables import read_json, read_variables

VARIABLE = "mailroom-rules"
_TITLE = "The rules"
_SECTIONS = ("analyses", "rules", "never_send")


def read_rules(
    file: Path | None, condition_ms: int = CONDITION_MS, categories: Sequence[str] | None = None
) -> RuleBook:
    """Read and check the rules from this file or the Variables. See `load_rules` for `condition_ms`.

    Where `categories` are given, the operator's rules may name no other; those shipped are not held to it.

    Raises:
        Misconfigured: A rule is wrong. The message says where the rules are, which rule is the first wrong one, its
            position, and what is wrong.
    """
    parts = [_read_file(file)] if file else list(read_variables(VARIABLE, _TITLE))
    if not parts:
        return load_rules(None, condition_ms)
    where = " and ".join(name for name, _ in parts)
    try:
        book = load_rules(json.dumps(_joined(parts), ensure_ascii=False), condition_ms)
        if categories is not None:
            check_categories(book, categories)
    except Misconfigured as bad:
        raise Misconfigured(f"{where}: {bad}") from bad
    return book


def _read_file(file: Path) -> tuple[str, Any]:
    where = f"{_TITLE} in `{file}`"
    try:
        return where, read_json(file.read_text(encoding="utf-8"), where)
    except OSError as error:
        raise Misconfigured(f"{where} cannot be read: {error.strerror or type(error).__name__}.") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{where} cannot be read: the file is not in UTF-8.") from error


def _joined(parts: list[tuple[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for where, part in parts:
        if not isinstance(part, dict) or any(not isinstance(part.get(name, []), list) for name in _SECTIONS):
            raise Misconfigured(f"{where} are no object with the lists `analyses`, `rules` and `never_send`.")
        for name, value in part.items():
            joined[name] = joined.get(name, []) + value if name in _SECTIONS else value
    shipped: dict[str, Any] = json.loads(load_rules().text)
    return shipped | joined
