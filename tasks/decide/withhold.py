"""Marks mails that no provider may see, by the operator's rules, before any model is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pandera.typing import DataFrame
from sqlalchemy import Engine

from tasks.decide.conditions import BadCondition, arrival_language
from tasks.decide.rules import RuleBook
from tasks.frames import Messages, records
from tasks.ledger.messages import load_raw
from tasks.parsing.headers import decode_text, read_head

_LABEL_FIELDS = frozenset({"keywords", "x-keywords", "x-gmail-labels"})


def withhold(messages: DataFrame[Messages], rules: RuleBook, engine: Engine) -> DataFrame[Messages]:
    """The messages. Those that a rule keeps from all providers have the reason in `unreadable`."""
    if not rules.never_send or not len(messages):
        return messages
    marks = {found["message_key"]: marks_of(found["raw"]) for found in load_raw(engine, messages["message_key"])}
    reasons = [
        row["unreadable"] or why_withheld(row | marks.get(row["message_key"], {}), rules) for row in records(messages)
    ]
    return messages.assign(unreadable=reasons)


def why_withheld(row: Mapping[str, Any], rules: RuleBook) -> str:
    """A sentence about the rule that keeps this mail from all providers; empty if none does."""
    facts = arrival_language().facts(row, rules.columns["never_send"])
    for compiled in rules.never_send:
        try:
            holds = compiled.condition.holds(facts)
        except BadCondition:
            holds = True
        if holds:
            return f"Kept from every provider by the rule `{compiled.entry.name}`."
    return ""


def marks_of(raw: bytes) -> dict[str, Any]:
    """`sensitivity` and `labels` from a mail's headers, in lower case."""
    fields = [(name.lower(), decode_text(str(value)).lower()) for name, value in read_head(raw).raw_items()]
    labels = [label.strip() for name, value in fields if name in _LABEL_FIELDS for label in value.split(",")]
    return {"sensitivity": next((value for name, value in fields if name == "sensitivity"), ""), "labels": labels}
