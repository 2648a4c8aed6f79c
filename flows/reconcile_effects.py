"""Settles interrupted effects: it looks whether they happened, and repeats none without knowing."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import EFFECTS_NOT_DONE, says_what_is_wrong
from flows.run.run_names import run_name
from flows.run.under_way import this_run
from tasks.act.reconcile import reconcile_effects as settle_open
from tasks.settings import read_settings
from tasks.settings.parameters import tells_bounds


@flow(name="reconcile-effects", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@tells_bounds
def reconcile_effects(untouched_minutes: Annotated[float, Field(ge=0, le=10_080)] = 15.0) -> State[Any]:
    """Find out whether interrupted effects happened, and perform planned ones that were left. Unclear ones are held.

    Args:
        untouched_minutes: Effects that changed more recently are left to the run that works on them.
    """
    run = this_run(read_settings())
    cleared = settle_open(run, untouched_s=untouched_minutes * 60)

    if cleared.asks_a_person:
        return Completed(
            name="AsksAPerson", message=f"{cleared.sentence()}. Run `approve-replies`: held effects need a person."
        )
    if cleared.not_done:
        return Completed(
            name=EFFECTS_NOT_DONE, message=f"{cleared.sentence()}. `mailroom show` tells why, mail by mail."
        )
    return Completed(message=f"{cleared.sentence()}.")
