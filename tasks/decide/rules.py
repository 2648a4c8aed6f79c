"""Rules as data: they are read, checked and compiled once.

The text is a JSON object of ordered lists. `rules` say what is done about a mail. `analyses` say which questions are
asked about it. `never_send`, which is optional, says which mails no provider may see. Every entry whose condition is
true applies, from top to bottom; the first one with `"after": "stop"` ends the list. The default is
`default_rules.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.actions import AnyAction
from tasks.decide.conditions import (
    CONDITION_MS,
    BadCondition,
    Condition,
    ConditionLanguage,
    arrival_language,
    row_language,
    triage_language,
)
from tasks.errors import Misconfigured
from tasks.frames import Analysis

MAX_RULES_TEXT = 100_000  # characters; one Prefect Variable holds 5,000


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=64)
    when: str = Field(min_length=1)
    after: Literal["stop", "continue"] = "continue"


class Rule(_Entry):
    """What is done about a mail that meets `when`; `urgent` and `reply` stay as earlier rules left them when null."""

    then: tuple[AnyAction, ...] = ()
    urgent: bool | None = None
    reply: bool | None = None


class AnalysisRule(_Entry):
    """Which questions a mail that meets `when` is worth."""

    ask: tuple[Analysis, ...]


class NeverSend(BaseModel):
    """A mail that meets `when` is shown to no provider; a condition that can't be answered for it keeps it, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=64)
    when: str = Field(min_length=1)


class RuleFile(BaseModel):
    """The text's shape; `mailroom rules schema` shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    analyses: tuple[AnalysisRule, ...] = Field(max_length=100)
    rules: tuple[Rule, ...] = Field(max_length=200)
    never_send: tuple[NeverSend, ...] = Field((), max_length=100)


E = TypeVar("E", bound=_Entry | NeverSend)


@dataclass(frozen=True)
class Compiled(Generic[E]):
    """An entry and its compiled condition."""

    entry: E
    condition: Condition


@dataclass(frozen=True)
class RuleBook:
    """All rules, compiled. It is pickled as its text, because compiled conditions can't be pickled."""

    text: str
    analyses: tuple[Compiled[AnalysisRule], ...]
    rules: tuple[Compiled[Rule], ...]
    never_send: tuple[Compiled[NeverSend], ...] = ()
    condition_ms: int = CONDITION_MS

    @cached_property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """The columns that the conditions of each list use."""
        lists: dict[str, tuple[Compiled[Any], ...]] = {
            "analyses": self.analyses,
            "rules": self.rules,
            "never_send": self.never_send,
        }
        return {name: frozenset().union(*(one.condition.columns for one in of)) for name, of in lists.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return load_rules, (self.text, self.condition_ms)


def load_rules(text: str | None = None, condition_ms: int = CONDITION_MS) -> RuleBook:
    """The rules in `text`, or the shipped ones. A condition may take `condition_ms` of CPU time for one mail.

    Raises:
        Misconfigured: A rule is wrong. The message names the first wrong one, its position, and what is wrong.
    """
    if text is None:
        text = resources.files("tasks.decide").joinpath("default_rules.json").read_text(encoding="utf-8")
    if len(text) > MAX_RULES_TEXT:
        raise Misconfigured(f"The rules have {len(text)} characters; at most {MAX_RULES_TEXT} are read.")
    try:
        file = RuleFile.model_validate_json(text)
    except ValidationError as e:
        raise Misconfigured(_say_fault(text, e)) from e
    return RuleBook(
        text, _compile("analyses", file.analyses, triage_language(), condition_ms),
        _compile("rules", file.rules, row_language(), condition_ms),
        _compile("never_send", file.never_send, arrival_language(), condition_ms), condition_ms,
    )  # fmt: skip


def analyses_for(rulebook: RuleBook, row: Mapping[str, Any]) -> frozenset[Analysis]:
    """The analyses that this mail is worth. `row` has the known columns of `conditions.TRIAGE_COLUMNS`.

    An entry whose condition cannot be evaluated for this mail adds nothing.
    """
    facts = triage_language().facts(row, rulebook.columns["analyses"])
    asked: set[Analysis] = set()
    for compiled in rulebook.analyses:
        try:
            holds = compiled.condition.holds(facts)
        except BadCondition:
            continue
        if holds:
            asked.update(compiled.entry.ask)
            if compiled.entry.after == "stop":
                break
    return frozenset(asked)


def _compile(
    section: str, entries: tuple[E, ...], language: ConditionLanguage, condition_ms: int
) -> tuple[Compiled[E], ...]:
    seen: dict[str, int] = {}
    compiled = []
    for position, entry in enumerate(entries, start=1):
        at = f"`{section}` {position}, `{entry.name}`"
        if entry.name in seen:
            raise Misconfigured(f"Rule {at}: its name is taken by number {seen[entry.name]}. Give each its own name.")
        seen[entry.name] = position
        try:
            compiled.append(Compiled(entry, language.compile(entry.when, condition_ms)))
        except BadCondition as e:
            raise Misconfigured(f"Rule {at}: its condition `{entry.when[:80]}` is no good: {e}.") from e
    return tuple(compiled)


def _say_fault(text: str, error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    location = list(fault["loc"])
    if len(location) < 2 or not isinstance(location[1], int):
        where = f"`{location[0]}`" if location else "the text as a whole"
        return f"The rules cannot be read, {where}: {fault['msg']}."
    section, index, *rest = location
    name = _name_at(text, str(section), int(index))
    field = ".".join(str(part + 1 if isinstance(part, int) else part) for part in rest) or "entry"
    return f"Rule `{section}` {int(index) + 1}{name}, `{field}`: {fault['msg']}."


def _name_at(text: str, section: str, index: int) -> str:
    entry = json.loads(text)[section][index]
    name = entry.get("name") if isinstance(entry, dict) else None
    return f", `{name[:64]}`" if isinstance(name, str) else ""
