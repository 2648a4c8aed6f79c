"""Puts a suggested reply into the drafts, where its thread goes on."""

from __future__ import annotations

from tasks.act.drafts import look_for_draft, put_draft
from tasks.act.letter import Letter, Planned
from tasks.act.performer import Desk, Found
from tasks.act.replies import build_reply, message_id, plan_reply
from tasks.actions import DraftReply
from tasks.ledger.effects import Effect


def plan(action: DraftReply, letter: Letter) -> Planned:
    return plan_reply(letter, action.suggestion, "drafts")


async def perform(effect: Effect, desk: Desk) -> str:
    return await put_draft(effect, desk, build_reply(effect, effect.content["from"]))


async def look(effect: Effect, desk: Desk) -> Found:
    return await look_for_draft(effect, desk, message_id(effect, effect.content["from"]))
