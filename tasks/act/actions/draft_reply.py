"""Puts a suggested reply into the drafts folder, as an answer in the mail's thread."""

from __future__ import annotations

from typing import Literal

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.answered import check_unanswered
from tasks.act.destinations import Destinations
from tasks.act.drafts import look_for_draft, put_draft
from tasks.act.performer import ActionContext, Found
from tasks.act.replies import ReplyAction, build_reply, plan_reply
from tasks.act.templates import check_template
from tasks.ledger.effects import Effect


class DraftReply(ReplyAction):
    """Put a suggested reply into the drafts folder; `suggestion` counts from 1."""

    action: Literal["draft_reply"]


def check(action: DraftReply, destinations: Destinations) -> None:
    check_template(action.template, destinations)


def plan(action: DraftReply, mail: ActedMail) -> Planned:
    return plan_reply(mail, action, "drafts")


async def perform(effect: Effect, context: ActionContext) -> str:
    await check_unanswered(effect, context)
    return await put_draft(effect, context, build_reply(effect, effect.content["from"]))


async def look(effect: Effect, context: ActionContext) -> Found:
    return await look_for_draft(effect, context, build_reply(effect, effect.content["from"]))
