"""Held replies, put before a person: the run pauses with a form, and does what was approved."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from prefect.states import Completed, Running
from pydantic import Field, ValidationError

from flows.run.final_state import says_what_is_wrong
from flows.run.setup import this_run
from tasks.act.approval_form import choices_in, form_for
from tasks.act.approve import find_held, perform_approved, take_down
from tasks.ledger.effects import Effect
from tasks.runs import Run
from tasks.settings import read_settings

POLL_S = 3
NOTHING_HELD: State[Any] = Completed(
    name="NothingHeld", message="Nothing is held. What dry runs planned is shown where `dry_runs` is on."
)


@flow(name="approve-replies", persist_result=False)
@says_what_is_wrong
def approve_replies(
    most: Annotated[int, Field(ge=1, le=25)] = 10,
    wait_hours: Annotated[float, Field(gt=0, le=720)] = 24.0,
    dry_runs: bool = False,
) -> State[Any]:
    """Show held replies and other held effects in full, and do what is approved; silence means no.

    The run pauses: open it and press Resume to see the form.

    Args:
        most: Held effects on one form; the next form follows when this one is sent.
        wait_hours: How long the run waits for an answer. Then it ends, and everything is still held.
        dry_runs: Show what dry runs planned, too; what is approved is done, dry run or not.
    """
    run = this_run(read_settings())
    tally: Counter[str] = Counter()
    for page, answer in answered_pages(run, most, dry_runs, wait_hours):
        decided = take_down(list(choices_in(answer, page)), run, person=answer.your_name)  # type: ignore[attr-defined]

        approved = [one.effect_id for one in decided if one.word in ("approved", "edited")]
        done = perform_approved(approved, run)

        tally.update(one.word for one in decided)
        tally.update(f"now {effect.state}" for effect in done)
    if not tally and not find_held(run, most=1, dry_runs=dry_runs):
        return NOTHING_HELD
    return concluded(tally)


def answered_pages(run: Run, most: int, dry_runs: bool, wait_hours: float) -> Iterator[tuple[list[Effect], RunInput]]:
    """Page after page of held effects, each with the form a person sent; ends when none is left or nobody answers."""
    shown: set[str] = set()
    deadline = time.monotonic() + wait_hours * 3600
    while page := find_held(run, most=most, dry_runs=dry_runs, but=shown):
        answer = ask(page, max(1.0, deadline - time.monotonic()))
        if answer is None:
            return
        shown |= {effect.effect_id for effect in page}
        yield page, answer


def ask(page: list[Effect], wait_s: float) -> RunInput | None:
    """The form as a person sent it; null when nobody did in time, or the run was resumed without it."""
    try:
        return pause_flow_run(wait_for_input=form_for(page), timeout=int(wait_s), poll_interval=POLL_S)
    except FlowPauseTimeout:
        _go_on_unanswered()
    except ValidationError:
        pass  # resumed without the form: nobody decided anything
    return None


def _go_on_unanswered() -> None:
    """Let the run end well: a pause nobody ended would make Prefect call the whole run Failed."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(str(flow_run.id)), Running(), force=True)


def concluded(tally: Counter[str]) -> State[Any]:
    """The run's last state, which says what was decided."""
    if not tally:
        return Completed(name="NothingDecided", message="Nothing was decided; what was held is still held.")
    return Completed(message=", ".join(f"{count} {word}" for word, count in sorted(tally.items())) + ".")
