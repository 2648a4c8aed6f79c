"""Sets one of IMAP's own flags on the mail where it lies."""

from __future__ import annotations

from tasks.act.letter import Letter, Planned
from tasks.act.marks import has_mark, plan_at_source, set_mark
from tasks.act.performer import Desk, Found
from tasks.actions import Flag
from tasks.ledger.effects import Effect


def plan(action: Flag, letter: Letter) -> Planned:
    return plan_at_source(action.flag, letter)


async def perform(effect: Effect, desk: Desk) -> str:
    return await set_mark(effect, desk, _flag(effect))


async def look(effect: Effect, desk: Desk) -> Found:
    return await has_mark(effect, desk, _flag(effect))


def _flag(effect: Effect) -> str:
    return f"\\{effect.parameters['flag'].capitalize()}"
