"""Sets a keyword on the mail where it lies."""

from __future__ import annotations

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.at_source import plan_at_source
from tasks.act.imap_flags import has_flag, set_flag
from tasks.act.performer import ActionContext, Found
from tasks.actions import Label
from tasks.ledger.effects import Effect


def plan(action: Label, mail: ActedMail) -> Planned:
    return plan_at_source(action.label, mail)


async def perform(effect: Effect, context: ActionContext) -> str:
    return await set_flag(effect, context, effect.parameters["label"])


async def look(effect: Effect, context: ActionContext) -> Found:
    return await has_flag(effect, context, effect.parameters["label"])
