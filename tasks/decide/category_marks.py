"""Which labels, flags and folders stand for a category: those that rules give to mails of that category alone."""

from __future__ import annotations

from typing import Any

from tasks.decide.category_names import implied_category
from tasks.decide.rules import RuleBook
from tasks.known import CategoryMarks

_ABOUT_ANSWERS = {"category", "confidence", "doubts", "simulated"}
"""A rule that asks for more gives a mark that says more than the category."""


def marks_of(rules: RuleBook) -> CategoryMarks:
    """The marks that say the same whoever set them; one that several categories, or any mail, may get says nothing."""
    meant: dict[str, set[str | None]] = {}
    folders: dict[str, str] = {}
    for one in rules.rules:
        plain = one.condition.columns <= _ABOUT_ANSWERS
        category = implied_category(one.entry.when) if plain else None
        for action in one.entry.then:
            told: dict[str, Any] = action.model_dump()
            mark = _mark(told)
            if mark:
                meant.setdefault(mark, set()).add(category)
                folders[mark] = told.get("folder", "")
    sure = {mark: next(iter(of)) for mark, of in meant.items() if len(of) == 1}
    known = {mark: category for mark, category in sure.items() if category}
    return CategoryMarks(categories=known, folders=tuple(folders[mark] for mark in known if folders[mark]))


def _mark(action: dict[str, Any]) -> str:
    match action["action"]:
        case "label":
            return str(action["label"]).lower()
        case "flag":
            return f"\\{action['flag']}".lower()
        case "move":
            return f"in:{action['folder']}".lower()
    return ""
