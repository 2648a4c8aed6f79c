"""`GET /deliveries/{id}`: the progress of one post or uploaded file, for its sender."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi import Path as InPath
from sqlalchemy import func, select

from deployments.inbox.deliveries import find_deliveries
from deployments.receiver.answers import DeliveryProgress, problems
from deployments.receiver.app_state import AppState
from deployments.receiver.request_checks import CurrentState, not_another_site, with_token
from deployments.receiver.spool import file_prefix
from tasks.ledger.engine import open_ledger, reading
from tasks.ledger.schema import messages, sightings
from tasks.mailbox import inbox

router = APIRouter(tags=["runs"])
_UNDONE = ("PENDING", "PROCESSING")
_NEXT = dict(zip("0123456789abcdef", "123456789abcdefg", strict=True))


@router.get(
    "/deliveries/{delivery}",
    dependencies=[Depends(not_another_site), Depends(with_token)],
    responses=problems(
        _401="The token is missing or wrong.",
        _403="A page of another site asked for it.",
        _404="No such post was received, or it is forgotten.",
        _422="It is no delivery's id.",
        _503="The ledger can't be used.",
    ),
)
async def show_progress(
    delivery: Annotated[str, InPath(pattern=r"^[0-9a-f]{64}$", description="As the answer to a post names it.")],
    state: CurrentState,
) -> DeliveryProgress:
    """How far the mails of one post or file are; those not yet read out of its file are not counted."""
    found = await asyncio.to_thread(read_progress, state, delivery)
    if found is None:
        raise HTTPException(404, "No such post was received; ids are remembered for some days.")
    return found


def read_progress(state: AppState, delivery: str) -> DeliveryProgress | None:
    """The progress of this delivery; null if it is unknown."""
    engine = open_ledger(state.ledger_url)
    if not find_deliveries(engine, [delivery]):
        return None
    prefix = file_prefix(delivery)
    waiting = any(state.inbox.glob(f"{prefix}-*"))
    place = sightings.c.place
    counted = (
        select(messages.c.state, func.count())
        .join(sightings, sightings.c.message_key == messages.c.message_key)
        # The range uses the index, whatever the database's collation does with the hyphen.
        .where(sightings.c.source == inbox.NAME, place >= prefix, place < prefix[:-1] + _NEXT[prefix[-1]])
        .where(place.startswith(f"{prefix}-", autoescape=True))
        .group_by(messages.c.state)
    )
    with reading(engine) as connection:
        mails = {state: number for state, number in connection.execute(counted)}
    undone = sum(mails.get(state, 0) for state in _UNDONE)
    return DeliveryProgress(
        waiting=waiting,
        unreadable=any((state.inbox / inbox.UNREADABLE).glob(f"{prefix}-*")),
        finished=not waiting and not undone,
        mails=mails,
    )
