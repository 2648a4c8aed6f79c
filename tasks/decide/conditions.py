"""Conditions of rules: boolean CEL expressions over one row, compiled once.

CEL has no access to attributes, no endless loops and no calls to the outside. Its regular expressions take linear time,
and it stops after 10,000 steps of loops. A condition that takes too much CPU time for a mail raises an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cache, cached_property
from time import thread_time
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships stubs but no py.typed marker

CONDITION_MS = 100
"""The default limit on a condition's CPU time for one mail, in milliseconds."""
MAX_CONDITION = 500  # characters: people must be able to read it, and its CPU time grows with its length

_TEXT, _YES_NO, _NUMBER, _WHOLE = cel.Type.STRING, cel.Type.BOOL, cel.Type.DOUBLE, cel.Type.INT
_TEXTS = cel.Type.List(cel.Type.STRING)
_RECORDS = cel.Type.List(cel.Type.Map(cel.Type.STRING, cel.Type.DYN))

# Columns that are known after triage, for conditions on analyses.
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
# Columns that are known before any model is asked, for conditions that keep a mail from all providers.
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
# Columns that are known at the end. The model's free text is left out, because a mail could dictate it.
ROW_COLUMNS: dict[str, Any] = TRIAGE_COLUMNS | {
    "date": _TEXT,
    "action_items": _RECORDS,
    "doubts": _TEXTS,
    "parse_defects": _TEXTS,
    "simulated": _YES_NO,
    "error_type": _TEXT,  # empty where nothing went wrong
}
# Columns with few values, so that most conditions were evaluated before for the same ones.
_FEW_VALUED = frozenset(
    "category language target_language needs_reply complexity confidence kind automatic answered last_from_us simulated"
    " error_type sensitivity".split()
)
_MOST_KNOWN = 1_024  # results of one condition
_EMPTY: dict[str, Any] = {_TEXT.name(): "", _YES_NO.name(): False, _NUMBER.name(): 0.0, _WHOLE.name(): 0}
_WHERE = re.compile(r"<input>:(\d+):(\d+): (.*?)(?: \(in container '.*?'\))?$", re.MULTILINE)
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>\s*$")


class BadCondition(ValueError):
    """A condition that cannot be compiled or evaluated for a row. The message says where and why."""


@dataclass(frozen=True)
class Facts:
    """The columns of one row, as CEL takes them."""

    values: Mapping[str, Any]
    env: cel.Env

    @cached_property
    def activation(self) -> cel.Activation:
        return self.env.Activation(dict(self.values))


@dataclass(frozen=True)
class Condition:
    """A compiled condition."""

    text: str
    expression: cel.Expression
    columns: frozenset[str]
    """The columns that the condition uses."""
    most_ms: int = CONDITION_MS
    _known: dict[tuple[object, ...], bool] = field(default_factory=dict, compare=False, repr=False)
    """Its result for values that it was evaluated for, where its columns have few."""

    def holds(self, facts: Facts) -> bool:
        """Whether the condition is true for the row.

        Raises:
            BadCondition: It divides by zero, accesses something that this row does not have, or takes too long.
        """
        if not self.columns <= _FEW_VALUED:
            return self._evaluated(facts)
        values = tuple(facts.values[name] for name in self._ordered)
        known = self._known.get(values)
        if known is None:
            known = self._evaluated(facts)
            if len(self._known) < _MOST_KNOWN:
                self._known[values] = known
        return known

    @cached_property
    def _ordered(self) -> tuple[str, ...]:
        return tuple(sorted(self.columns))

    def _evaluated(self, facts: Facts) -> bool:
        began = thread_time()
        try:
            value = self.expression.eval(facts.activation)
        except RuntimeError as e:  # CEL raises it for too many steps
            raise BadCondition(_say_where(str(e))) from e
        took_ms = (thread_time() - began) * 1_000
        if took_ms > self.most_ms:
            raise BadCondition(f"it took {took_ms:.0f} ms of CPU for one mail; at most {self.most_ms} are allowed")
        if value.type() != cel.Type.BOOL:
            raise BadCondition(str(value.plain_value()))
        return bool(value.plain_value())


class ConditionLanguage:
    """The columns that conditions of one kind may use."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns = columns
        self._env = cel.NewEnv(variables=dict(columns))

    def compile(self, text: str, most_ms: int = CONDITION_MS) -> Condition:
        """Compile the condition and test it on an empty mail.

        Raises:
            BadCondition: It is too long, does not compile, is not boolean, or fails for an empty mail.
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

    def facts(self, row: Mapping[str, Any], named: Set[str]) -> Facts:
        """The used columns of the row for CEL. Nulls become empty strings, false, or zero."""
        facts: dict[str, Any] = {name: _plain(row.get(name), self.columns[name]) for name in named}
        if "sender" in facts or "sender_domain" in facts:
            facts["sender"] = address_of(str(_plain(row.get("sender"), _TEXT)))
            facts["sender_domain"] = facts["sender"].rpartition("@")[2]
        return Facts(facts, self._env)


@cache
def triage_language() -> ConditionLanguage:
    """The language of conditions on analyses."""
    return ConditionLanguage(TRIAGE_COLUMNS)


@cache
def arrival_language() -> ConditionLanguage:
    """The language of conditions that keep a mail from providers."""
    return ConditionLanguage(ARRIVAL_COLUMNS)


@cache
def row_language() -> ConditionLanguage:
    """The language of conditions on actions."""
    return ConditionLanguage(ROW_COLUMNS)


def address_of(sender: str) -> str:
    """The address in a From field, in lower case, without the display name; empty where there is none."""
    found = _ADDRESS.search(sender)
    if found:
        return found[1].lower()
    bare = sender.strip()
    return bare.lower() if "@" in bare and not re.search(r"[\s<>]", bare) else ""


def _plain(value: object, kind: cel.Type) -> object:
    # CEL accepts only Python's own types, without null and numpy's types.
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
