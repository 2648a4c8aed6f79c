"""The interface behind every action: planned, performed once, and looked for when nobody knows whether it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from sqlalchemy import Engine

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.destinations import Destinations
from tasks.act.mailboxes import Mailboxes
from tasks.ledger.effects import Effect

Found = Literal["done", "not done", "unknown"]


class NotDone(Exception):
    """Surely nothing happened. `again` says whether trying later can help."""

    def __init__(self, why: str, *, again: bool = False) -> None:
        super().__init__(why)
        self.again = again


class NeedsPerson(Exception):
    """Surely nothing happened, and a person must decide whether it may."""


class NotNeeded(Exception):
    """Nothing happened, and nothing is to be done any more; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ActionContext:
    """What performers work with; `about_to` is called right before anything leaves."""

    engine: Engine
    destinations: Destinations
    mailboxes: Mailboxes
    about_to: Callable[[], None]


class Performer(Protocol):
    """One action, as a module."""

    def plan(self, action: object, mail: ActedMail) -> Planned:
        """What it comes to for this mail; reads only, reaches nothing."""

    async def perform(self, effect: Effect, context: ActionContext) -> str:
        """Do it, and say in one line what was done and where.

        Raises:
            NotDone: Surely nothing happened. Any other exception means so too before `about_to`, and after it that
                nobody knows.
            NeedsPerson: Surely nothing happened, and a person must decide.
            NotNeeded: It is not to be done any more.
            SeveralFit: Several mails fit what is on record, and nothing was done to any of them.
        """

    async def look(self, effect: Effect, context: ActionContext) -> Found:
        """Whether the far end has it; only asked when nobody is at it. `not done` says that it may be done again."""
