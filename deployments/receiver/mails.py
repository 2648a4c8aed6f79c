"""`GET /mails/{key}/record`: all that is known of one mail. The page at `/mails/{key}` shows it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi import Path as InPath

from deployments.mail_record import MailRecord, read_record
from deployments.receiver.answers import CallView, LeftOutPiece, MailEffect, MailView, problems
from deployments.receiver.request_checks import CurrentState, not_another_site, not_too_often, with_token_always
from tasks.settings import read_settings

router = APIRouter(tags=["mails"])


@router.get(
    "/mails/{key}/record",
    dependencies=[Depends(not_too_often), Depends(not_another_site), Depends(with_token_always)],
    responses=problems(
        _401="The token is missing or wrong.",
        _403="A page of another site asked for it, or no token is set at the receiver.",
        _404="The ledger knows no such mail.",
        _422="It is no mail's key.",
        _429="Too many requests from this address; see Retry-After.",
        _503="The ledger can't be used.",
    ),
)
async def show_mail(
    key: Annotated[str, InPath(pattern=r"^[0-9a-f]{8,64}$", description="A mail's `message_key`, or its beginning.")],
    state: CurrentState,
) -> MailView:
    """A mail's newest outcome, its text, what was left out of it and why, what was done about it, and its calls."""
    found = await asyncio.to_thread(read_record, state.ledger_url, key, read_settings().most_tokens)
    if found is None:
        raise HTTPException(404, "The ledger knows no such mail; take the key from a run's report or table.")
    return _view(found)


def _view(record: MailRecord) -> MailView:
    left_out = record.text.left_out if record.text else []
    effects = [{name: getattr(one, name) for name in MailEffect.model_fields} for one in record.effects]
    return MailView(
        outcome=record.outcome,
        text=record.text.text if record.text else None,
        left_out=[LeftOutPiece(what=one.what, why=one.why, text=one.text) for one in left_out],
        effects=[MailEffect(**effect) for effect in effects],
        calls=[CallView(**asdict(call)) for call in record.calls],
    )
