"""Conditions of rules: CEL expressions over one row, compiled once, that can only answer yes or no.

CEL cannot reach attributes, loop for ever or call out. Its regular expressions take linear time. It gives up after
10,000 steps of loops. A condition that takes more CPU time for a mail than it may is not answered for that mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from time import thread_time
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships stubs but no py.typed marker

CONDITION_MS = 100
"""Milliseconds of CPU that a condition may take for a mail, unless the operator says otherwise."""
MAX_CONDITION = 500  # characters: a condition is read by people, and the time it takes grows with its length

_TEXT, _YES_NO, _NUMBER, _WHOLE = cel.Type.STRING, cel.Type.BOOL, cel.Type.DOUBLE, cel.Type.INT
_TEXTS = cel.Type.List(cel.Type.STRING)
_RECORDS = cel.Type.List(cel.Type.Map(cel.Type.STRING, cel.Type.DYN))

# What is known once a mail was sorted: enough to say which further questions it is worth.
TRIAGE_COLUMNS: dict[str, Any] = {
    "category": _TEXT,  # empty where the mail could not be read
    "language": _TEXT,
    "target_language": _TEXT,
    "needs_reply": _YES_NO,
    "complexity": _TEXT,
    "confidence": _NUMBER,  # 0.0 where unknown
    "kind": _TEXT,
    "automatic": _TEXT,  # why no person wrote it, so that no reply is sent by itself; empty for a person's mail
    "sender": _TEXT,  # the address alone, in lower case: a display name can claim to be anyone
    "sender_domain": _TEXT,
    "sender_name": _TEXT,
    "subject": _TEXT,
    "text": _TEXT,
    "tokens": _WHOLE,
    "attachments": _RECORDS,
    "thread_size": _WHOLE,  # mails of its conversation that are known
    "answered": _YES_NO,  # somebody of us answered it, or wrote later in its conversation
    "last_from_us": _YES_NO,  # the newest mail of its conversation is ours
    "likely_duplicate_of": _TEXT,  # the key of an earlier mail; empty where there is none
}
# What is known before any model is asked: enough to say that none may be.
ARRIVAL_COLUMNS: dict[str, Any] = {
    name: TRIAGE_COLUMNS[name]
    for name in (
        "kind",
        "automatic",
        "sender",
        "sender_domain",
        "sender_name",
        "subject",
        "text",
        "tokens",
        "attachments",
        "likely_duplicate_of",
    )
} | {
    "sensitivity": _TEXT,  # the header of that name, in lower case: `personal`, `private`, `company-confidential`
    "labels": _TEXTS,  # of the headers Keywords, X-Keywords and X-Gmail-Labels, in lower case
}
# What is known at the end; none of the model's free text, which a mail could dictate.
ROW_COLUMNS: dict[str, Any] = TRIAGE_COLUMNS | {
    "date": _TEXT,
    "action_items": _RECORDS,
    "doubts": _TEXTS,
    "parse_defects": _TEXTS,
    "simulated": _YES_NO,
    "error_type": _TEXT,  # empty where nothing went wrong
}
_EMPTY: dict[str, Any] = {_TEXT.name(): "", _YES_NO.name(): False, _NUMBER.name(): 0.0, _WHOLE.name(): 0}
_WHERE = re.compile(r"<input>:(\d+):(\d+): (.*?)(?: \(in container '.*?'\))?$", re.MULTILINE)
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>\s*$")


class BadCondition(ValueError):
    """A condition that cannot be compiled, or cannot be answered for a row; says where and why."""


@dataclass(frozen=True)
class Condition:
    """A compiled condition."""

    text: str
    expression: cel.Expression
    columns: frozenset[str]
    """The columns that its text names."""
    most_ms: int = CONDITION_MS

    def holds(self, facts: cel.Activation) -> bool:
        """Whether the row meets it.

        Raises:
            BadCondition: It divides by zero, looks for what this row does not have, or takes too long.
        """
        began = thread_time()
        try:
            value = self.expression.eval(facts)
        except RuntimeError as e:  # CEL's own word for too many steps
            raise BadCondition(_say_where(str(e))) from e
        took_ms = (thread_time() - began) * 1_000
        if took_ms > self.most_ms:
            raise BadCondition(f"it took {took_ms:.0f} ms of CPU for one mail; at most {self.most_ms} are allowed")
        if value.type() != cel.Type.BOOL:
            raise BadCondition(str(value.plain_value()))
        return bool(value.plain_value())


class ConditionLanguage:
    """The columns that conditions of one kind may name."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns = columns
        self._env = cel.NewEnv(variables=dict(columns))

    def compile(self, text: str, most_ms: int = CONDITION_MS) -> Condition:
        """The compiled condition, tried on an empty mail.

        Raises:
            BadCondition: It is too long, misspelt, no question of yes or no, or fails on a mail that has nothing in it.
        """
        if len(text) > MAX_CONDITION:
            raise BadCondition(f"it has {len(text)} characters; write at most {MAX_CONDITION}")
        try:
            expression = self._env.compile(text)
        except RuntimeError as e:
            raise BadCondition(_say_where(str(e))) from e
        if expression.return_type() != cel.Type.BOOL:
            raise BadCondition(f"it gives a {expression.return_type().name()}; a condition must be true or false")
        condition = Condition(text, expression, frozenset(_WORD.findall(text)) & self.columns.keys(), most_ms)
        try:
            condition.holds(self.facts({}, condition.columns))
        except BadCondition as e:
            raise BadCondition(
                f"it fails on a mail with nothing in it: {e}; ask first, as in `size(x) > 0 && ...`"
            ) from e
        return condition

    def facts(self, row: Mapping[str, Any], named: Set[str]) -> cel.Activation:
        """The row as conditions see it: of the known columns those named, nulls as empty text, no, or zero."""
        facts: dict[str, Any] = {name: _plain(row.get(name), self.columns[name]) for name in named}
        if "sender" in facts or "sender_domain" in facts:
            facts["sender"] = address_of(str(_plain(row.get("sender"), _TEXT)))
            facts["sender_domain"] = facts["sender"].rpartition("@")[2]
        return self._env.Activation(facts)


@cache
def triage_language() -> ConditionLanguage:
    """What conditions on analyses may name."""
    return ConditionLanguage(TRIAGE_COLUMNS)


@cache
def arrival_language() -> ConditionLanguage:
    """What conditions on keeping a mail from providers may name."""
    return ConditionLanguage(ARRIVAL_COLUMNS)


@cache
def row_language() -> ConditionLanguage:
    """What conditions on actions may name."""
    return ConditionLanguage(ROW_COLUMNS)


def address_of(sender: str) -> str:
    """The address in a From field, in lower case, without the display name; empty where there is none."""
    found = _ADDRESS.search(sender)
    if found:
        return found[1].lower()
    bare = sender.strip()
    return bare.lower() if "@" in bare and not re.search(r"[\s<>]", bare) else ""


def _plain(value: object, kind: cel.Type) -> object:
    # CEL takes Python's own types only, no null and none of numpy's.
    if kind in (_TEXTS, _RECORDS):
        return list(value) if isinstance(value, (list, tuple)) else []
    empty = _EMPTY[kind.name()]
    return empty if value is None or value != value else type(empty)(value)


def _say_where(message: str) -> str:
    found = _WHERE.search(message)
    if found is None:
        return message.removeprefix("INVALID_ARGUMENT: ")
    line, column, why = found.groups()
    hint = "; write numbers with a point, as in 0.5 or 1.0" if "(double, int)" in why else ""
    return f"line {line}, column {column}: {why}{hint}"
