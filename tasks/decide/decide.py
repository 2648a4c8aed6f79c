"""Turns readings into decisions: the rules that match each mail, and their actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pandera.typing import DataFrame

from tasks.actions import Action
from tasks.decide.conditions import BadCondition, row_language
from tasks.decide.rules import RuleBook
from tasks.frames import Decisions, Messages, Readings, joined, records


def decide(messages: DataFrame[Messages], readings: DataFrame[Readings], rules: RuleBook) -> DataFrame[Decisions]:
    """One decision for each message, in the order of `messages`, with the rules that made it.

    Raises:
        KeyError: A message has no reading.
    """
    read = {row["message_key"]: row for row in records(readings)}
    rows = [decide_row(joined(message, read[message["message_key"]]), rules) for message in records(messages)]
    return Decisions.of(rows)


def decide_row(row: Mapping[str, Any], rules: RuleBook) -> dict[str, Any]:
    """The decision about one mail.

    If a rule's condition cannot be evaluated for this mail, nothing is done, because later rules may depend on it.
    """
    facts = row_language().facts(row, rules.columns["rules"])
    decision: dict[str, Any] = {"message_key": row["message_key"], "urgent": False, "reply_wanted": False}
    named: list[str] = []
    actions: list[dict[str, Any]] = []
    for compiled in rules.rules:
        rule = compiled.entry
        try:
            holds = compiled.condition.holds(facts)
        except BadCondition as e:
            return decision | {"rule": f"{rule.name} (could not be answered: {e})", "actions": []}
        if not holds:
            continue
        named.append(rule.name)
        decision["urgent"] = decision["urgent"] if rule.urgent is None else rule.urgent
        decision["reply_wanted"] = decision["reply_wanted"] if rule.reply is None else rule.reply
        actions.extend(_as_planned(action, rule.name) for action in rule.then)
        if rule.after == "stop":
            break
    return decision | {"rule": ", ".join(named) or "none", "actions": _once(actions)}


def _as_planned(action: Action, rule: str) -> dict[str, Any]:
    return {**action.model_dump(), "rule": rule}


def _once(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # If two rules have the same action, it is done once, under the name of the first rule.
    kept: dict[str, dict[str, Any]] = {}
    for action in actions:
        kept.setdefault(repr(sorted((name, value) for name, value in action.items() if name != "rule")), action)
    return list(kept.values())
