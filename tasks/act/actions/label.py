"""Sets a keyword on the mail where it lies."""

from __future__ import annotations

from tasks.act.letter import Letter, Planned
from tasks.act.marks import has_mark, plan_at_source, set_mark
from tasks.act.performer import Desk, Found
from tasks.actions import Label
from tasks.ledger.effects import Effect


def plan(action: Label, letter: Letter) -> Planned:
    return plan_at_source(action.label, letter)


async def perform(effect: Effect, desk: Desk) -> str:
    return await set_mark(effect, desk, effect.parameters["label"])


async def look(effect: Effect, desk: Desk) -> Found:
    return await has_mark(effect, desk, effect.parameters["label"])
