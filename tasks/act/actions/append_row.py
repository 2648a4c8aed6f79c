"""Adds the mail's outcome once to a configured table. The effect's id is the row's key."""

from __future__ import annotations

import asyncio
from typing import Literal

from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.destinations import Destinations
from tasks.act.performer import ActionContext, Found
from tasks.act.tables import add_row, has_row
from tasks.actions import NAME, Written
from tasks.ledger.effects import Effect


class AppendRow(Written):
    """Add the mail's outcome to a configured table."""

    action: Literal["append_row"]
    table: str = Field(pattern=NAME, description="Name of an entry in `MAILROOM_TABLES`.")


def check(action: AppendRow, destinations: Destinations) -> None:
    destinations.table(action.table)


def plan(action: AppendRow, mail: ActedMail) -> Planned:
    return Planned(target=action.table, content=mail.facts(sender_links=action.sender_links))


async def perform(effect: Effect, context: ActionContext) -> str:
    address = context.destinations.table(effect.parameters["table"])
    context.about_to()
    new = await asyncio.to_thread(add_row, address, {"effect_id": effect.effect_id, **effect.content})
    return f"row added to `{effect.target}`" if new else f"the row was in `{effect.target}` already"


async def look(effect: Effect, context: ActionContext) -> Found:
    address = context.destinations.table(effect.parameters["table"])
    return "done" if await asyncio.to_thread(has_row, address, effect.effect_id) else "not done"
