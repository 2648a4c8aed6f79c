"""Sets one of IMAP's system flags on the mail in its mailbox."""

from __future__ import annotations

from typing import ClassVar, Literal

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.at_source import plan_at_source
from tasks.act.imap_flags import has_flag, set_flag
from tasks.act.performer import ActionContext, Found
from tasks.actions import Action
from tasks.ledger.effects import Effect


class Flag(Action):
    """Set one of IMAP's system flags on the mail in its mailbox."""

    needs_bytes: ClassVar[bool] = False

    action: Literal["flag"]
    flag: Literal["flagged", "seen", "answered"] = "flagged"

    @property
    def is_mark(self) -> bool:
        return self.flag == "flagged"  # a mail that counts as seen or answered is out of sight


def plan(action: Flag, mail: ActedMail) -> Planned:
    return plan_at_source(action.flag, mail)


async def perform(effect: Effect, context: ActionContext) -> str:
    return await set_flag(effect, context, _flag(effect))


async def look(effect: Effect, context: ActionContext) -> Found:
    return await has_flag(effect, context, _flag(effect))


def _flag(effect: Effect) -> str:
    return f"\\{effect.parameters['flag'].capitalize()}"
