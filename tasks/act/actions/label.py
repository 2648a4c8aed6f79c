"""Sets an IMAP keyword on the mail in its mailbox."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.at_source import plan_at_source
from tasks.act.imap_flags import has_flag, set_flag
from tasks.act.performer import ActionContext, Found
from tasks.actions import Action
from tasks.ledger.effects import Effect

_KEYWORD = r"^[$A-Za-z0-9][A-Za-z0-9_.$-]{0,63}$"  # an IMAP keyword is an atom, RFC 9051 section 9


class Label(Action):
    """Set an IMAP keyword on the mail in its mailbox."""

    needs_bytes: ClassVar[bool] = False

    action: Literal["label"]
    label: str = Field(pattern=_KEYWORD)

    @property
    def is_mark(self) -> bool:
        return True


def plan(action: Label, mail: ActedMail) -> Planned:
    return plan_at_source(action.label, mail)


async def perform(effect: Effect, context: ActionContext) -> str:
    return await set_flag(effect, context, effect.parameters["label"])


async def look(effect: Effect, context: ActionContext) -> Found:
    return await has_flag(effect, context, effect.parameters["label"])
