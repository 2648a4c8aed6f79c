"""Senders whose mails are all of one kind, put before a person, who takes a rule for them over with one choice."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import says_what_is_wrong
from flows.run.questions import NotAnswered, ask_a_person
from flows.run.run_names import run_name
from tasks.known import BY_RULE
from tasks.ledger.engine import open_ledger
from tasks.ledger.senders import hits_of, sorted_mails
from tasks.presort.sender_rules import VARIABLE, SenderRule, add_sender_rules, read_sender_rules
from tasks.presort.suggestions import suggestions
from tasks.report.suggested_rules import SuggestedRule, SuggestionForm, rules_page
from tasks.settings import read_settings
from tasks.settings.parameters import tells_bounds
from tasks.understand.operator_categories import read_categories

log = logging.getLogger("mailroom.report")

_ASKED = (
    "Whose mails shall be sorted from now on without asking a model? Who is named there is what a mail's From claims: "
    "a rule decides a category, and never whom something is sent to."
)


@flow(name="suggest-rules", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@tells_bounds
def suggest_rules(
    most: Annotated[int, Field(ge=1, le=20)] = 10, wait_hours: Annotated[float, Field(gt=0, le=720)] = 24.0
) -> State[Any]:
    """Show the rules before the model with their hits, and suggest some for the senders that the ledger is surest of.

    The run pauses: open it and press Resume (in the newer UI it is in the menu ⋮) to see the form.

    Args:
        most: Senders on the form, those with the most mails first.
        wait_hours: How long the run waits for an answer.
    """
    settings, names = read_settings(), read_categories().names
    engine, rules = open_ledger(settings.ledger), read_sender_rules(names)
    mails = sorted_mails(engine, not_by=BY_RULE)
    found = suggestions(mails, rules, never=settings.local_never, names=names)[:most]
    rows = [
        SuggestedRule(sender=one.rule.name, category=one.rule.category, why=one.sentence()) for one in found
    ]  # fmt: skip
    hits = hits_of(engine, f"{BY_RULE} ")
    page = rules_page([(rule.name, rule.category) for rule in rules], hits, rows)
    create_markdown_artifact(page, key="mailroom-presort", description="Rules before the model, and suggested ones")
    if not rows:
        return Completed(name="NothingToSuggest", message=f"{len(rules)} rules; no sender is sure enough for another.")
    log.info("%d rules are suggested: press Resume, which the newer UI has in its menu ⋮", len(rows))
    form = SuggestionForm(rows=rows)
    try:
        answer = ask_a_person(form.input_type(_ASKED), wait_hours * 3600)
    except NotAnswered as why:
        return Completed(name="NothingSaid", message=f"{why}; no rule was taken over.")
    return _taken([found[number].rule for number in form.taken_in(answer)], names, answer.your_name)  # type: ignore[attr-defined]  # a field of the form


def _taken(chosen: list[SenderRule], names: tuple[str, ...], person: str) -> State[Any]:
    count = add_sender_rules(chosen, names) if chosen else 0
    listed = ", ".join(f"{rule.sender} → {rule.category}" for rule in chosen)
    log.info("%s took %d rules over into `%s`. %s", person, len(chosen), VARIABLE, listed)
    return Completed(
        message=f"{len(chosen)} rules taken over by {person}{f': {listed}' if listed else ''}. {count} now."
    )
