"""A candidate's answers beside the labels, as the arrays that figures are made from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.score.labels import MailLabel

UNANSWERED = "(none)"
"""What stands in a category's place where a mail got none; it counts as a wrong answer."""
_ALIKE = 0.5
_WORD = re.compile(r"\w+")
_EMPTY_WORDS = {*"the a an to of and or for in on by with your you me my please is are be it that this".split()}
_UNFAITHFUL = ("summary_numbers", "summary_dates", "summary_names", "summary_addresses", "negation_lost",
               "translation_numbers", "translation_names", "owner_not_in_mail", "due_not_in_quote", "reply_numbers",
               "reply_dates")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One entry a labelled mail, in the labels' order; what does not apply to a mail is NaN."""

    names: tuple[str, ...]
    """The categories of labels and answers; the numbers below are places in it."""
    true: NDArray[np.int64]
    said: NDArray[np.int64]
    confidence: NDArray[np.float64]
    replies_right: NDArray[np.float64]
    items: NDArray[np.float64]
    """Columns: items that are right, items that were said, items that are labelled."""
    quotes: NDArray[np.float64]
    """Columns: quotes that stand in the mail, quotes."""
    faithful: NDArray[np.float64]
    """1 where a summary was made and no check of its faithfulness failed, 0 where one did."""
    seconds: NDArray[np.float64]
    usd: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the category is the labelled one."""
        return np.asarray(self.true == self.said)


def answers_of(
    labels: Sequence[MailLabel],
    readings: Sequence[Mapping[str, Any]],
    usd: Sequence[float | None],
    names: Sequence[str],
) -> Answers:
    """The arrays of a candidate; `readings` are rows of `Readings`, and `names` the categories, in order."""
    every = (*names, UNANSWERED)
    place = {name: number for number, name in enumerate(every)}
    pairs = list(zip(labels, readings, strict=True))
    return Answers(
        names=every,
        true=np.array([place[label.category] for label in labels], dtype=np.int64),
        said=np.array([place.get(row["category"] or UNANSWERED, len(names)) for row in readings], dtype=np.int64),
        confidence=_floats(row["confidence"] for row in readings),
        replies_right=_floats(_replied(label, row) for label, row in pairs),
        items=np.array([_items(label, row) for label, row in pairs], dtype=float).reshape(-1, 3),
        quotes=np.array([_quotes(row) for row in readings], dtype=float).reshape(-1, 2),
        faithful=_floats(_faithful(row) for row in readings),
        seconds=_floats(row["seconds"] for row in readings),
        usd=_floats(usd),
    )


def _floats(values: Any) -> NDArray[np.float64]:  # noqa: ANN401  # any values, null among them
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _replied(label: MailLabel, row: Mapping[str, Any]) -> float | None:
    if label.needs_reply is None or not row["category"]:
        return None
    return float(bool(row["needs_reply"]) == label.needs_reply)


def _items(label: MailLabel, row: Mapping[str, Any]) -> tuple[float, float, float]:
    if label.action_items is None:
        return 0.0, 0.0, 0.0
    said = [f"{item['text']} {item['quote']}" for item in row["action_items"]]
    return float(_matched(label.action_items, said)), float(len(said)), float(len(label.action_items))


def _matched(wanted: Sequence[str], said: Sequence[str]) -> int:
    """How many of the wanted items were said: each stands for at most one, the most alike first."""
    alike = sorted(
        ((_likeness(one, other), n, m) for n, one in enumerate(wanted) for m, other in enumerate(said)), reverse=True
    )
    used_wanted: set[int] = set()
    used_said: set[int] = set()
    for likeness, n, m in alike:
        if likeness >= _ALIKE and n not in used_wanted and m not in used_said:
            used_wanted.add(n)
            used_said.add(m)
    return len(used_wanted)


def _likeness(wanted: str, said: str) -> float:
    """The share of the wanted words, by their beginnings, that were said."""
    words = _stems(wanted)
    return len(words & _stems(said)) / len(words) if words else 0.0


def _stems(text: str) -> set[str]:
    return {word[:5] for word in _WORD.findall(text.casefold()) if word not in _EMPTY_WORDS}


def _quotes(row: Mapping[str, Any]) -> tuple[float, float]:
    items = row["action_items"]
    return float(sum(item["quote_found"] for item in items)), float(len(items))


def _faithful(row: Mapping[str, Any]) -> float | None:
    if not row["summary"]:
        return None
    return float(not set(_UNFAITHFUL).intersection(row["doubts"]))
