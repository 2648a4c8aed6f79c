"""`GET /runs/{id}`: a run's state from Prefect, and its mails' outcomes from the ledger."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import func, select

from deployments.inbox.prefect_server import find_run
from deployments.receiver.answers import RunView, problems
from deployments.receiver.request_checks import CurrentState, not_another_site, with_token
from tasks.ledger.engine import open_ledger, reading
from tasks.ledger.schema import outcomes

router = APIRouter(tags=["runs"])


@router.get(
    "/runs/{run_id}",
    dependencies=[Depends(not_another_site), Depends(with_token)],
    responses=problems(
        _401="The token is missing or wrong.",
        _403="A page of another site asked for it.",
        _404="There is no such run.",
        _422="It is no run's id.",
        _503="Prefect does not answer.",
    ),
)
async def show_run(run_id: UUID, state: CurrentState) -> RunView:
    """How the run with this id stands, as its Prefect page shows it, and how many of its mails have which outcome."""
    try:
        run = await find_run(run_id)
    except Exception as error:
        raise HTTPException(503, "Prefect does not answer; ask again.", {"Retry-After": "10"}) from error
    if run is None:
        raise HTTPException(404, "There is no such run; take the id from the run's page in Prefect.")
    mails = await asyncio.to_thread(count_outcomes, state.ledger_url, str(run_id))
    reached = run.state
    return RunView(
        id=str(run_id),
        name=run.name,
        state=(reached.name or "") if reached else "",
        finished=bool(reached and reached.is_final()),
        mails=mails,
    )


def count_outcomes(ledger_url: str, run_id: str) -> dict[str, int]:
    """The number of outcomes that a run has recorded, by status."""
    counted = select(outcomes.c.status, func.count()).where(outcomes.c.run_id == run_id).group_by(outcomes.c.status)
    with reading(open_ledger(ledger_url)) as connection:
        return {status: number for status, number in connection.execute(counted)}
