"""Held replies, put before a person: the run pauses with a form, and does what was approved."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.input import RunInput
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import says_what_is_wrong
from flows.run.questions import NotAnswered, ask_a_person
from flows.run.run_names import run_name
from flows.run.under_way import this_run
from tasks.act.approval.form import ApprovalForm
from tasks.act.approval.form_outcome import FormOutcome, page_of
from tasks.act.approval.verdicts import find_held, perform_approved, take_down
from tasks.ledger.plans import digest
from tasks.runs import Run
from tasks.settings import read_settings
from tasks.settings.parameters import tells_bounds

log = logging.getLogger("mailroom.act")

NOTHING_HELD: State[Any] = Completed(
    name="NothingHeld", message="Nothing is held. What dry runs planned is shown where `dry_runs` is on."
)


@flow(name="approve-replies", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@tells_bounds
def approve_replies(
    most: Annotated[int, Field(ge=1, le=50)] = 10,
    wait_hours: Annotated[float, Field(gt=0, le=720)] = 24.0,
    dry_runs: bool = False,
) -> State[Any]:
    """Show held replies and other held effects in full, and do what is approved; silence means no.

    The run pauses: open it and press Resume (in the newer UI it is in the menu ⋮) to see the form.

    Args:
        most: Held effects on one form; the next form follows when this one is sent.
        wait_hours: How long the run waits for an answer. Then it ends, and everything is still held.
        dry_runs: Show what dry runs planned, too; what is approved is done, dry run or not.
    """
    run = this_run(read_settings())
    decisions = FormOutcome()
    for form, answer in answered_forms(run, decisions, most=most, dry_runs=dry_runs, wait_hours=wait_hours):
        decided = take_down(form.choices_in(answer), run, person=answer.your_name)  # type: ignore[attr-defined]

        approved = [one.shown.effect.effect_id for one in decided if one.word in ("approved", "edited")]
        performed = perform_approved(approved, run)

        decisions.add(decided, performed)
    if not decisions.counts and not find_held(run, most=1, dry_runs=dry_runs):
        return NOTHING_HELD
    create_markdown_artifact(decisions.page(), key="approval-decisions", description="What became of the decisions")
    return concluded(decisions)


def answered_forms(
    run: Run, decisions: FormOutcome, *, most: int, dry_runs: bool, wait_hours: float
) -> Iterator[tuple[ApprovalForm, RunInput]]:
    """Form after form of held effects, each as a person sent it; ends when none is left or nobody answers.

    An answer to another form than the one that waits is noted in `decisions`, and the effects are asked about again.
    """
    asked = 0
    deadline = time.monotonic() + wait_hours * 3600
    while page := find_held(run, most=most, dry_runs=dry_runs, but=decisions.left_waiting):
        asked += 1
        form = ApprovalForm(key=digest([run.id, asked])[:8], effects=page, notes=tuple(decisions.notes))
        answer = ask(form, max(1.0, deadline - time.monotonic()))
        if answer is None:
            return
        if form.is_answered_by(answer):
            yield form, answer
        else:
            decisions.out_of_date()


def ask(form: ApprovalForm, wait_s: float) -> RunInput | None:
    """The form as a person sent it; null when nobody did in time, or the run was resumed without it."""
    wide = create_markdown_artifact(page_of(form), key="approval-form", description=f"Form {form.key} on a wide page")
    log.info(
        "%d held effects wait for a decision: press Resume, which the newer UI has in its menu ⋮", len(form.effects)
    )
    # The link is relative, as each of Prefect's UIs has its pages below an address of its own.
    asked = form.input_type(f"[All of it on a wide page](../../artifacts/artifact/{wide})")
    try:
        return ask_a_person(asked, wait_s)
    except NotAnswered:
        return None


def concluded(decisions: FormOutcome) -> State[Any]:
    """The run's last state, which says what was decided and what became of it."""
    counts = decisions.counts
    if not set(counts) - {"waits", "form out of date"}:
        told = f" ({decisions.message()})" if counts else ""
        return Completed(name="NothingDecided", message=f"Nothing was decided; what was held is still held{told}.")
    return Completed(name="NotAllDone" if decisions.not_done else None, message=decisions.message())
