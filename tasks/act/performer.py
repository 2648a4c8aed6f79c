"""The interface of every action: plan it, perform it once, and look whether it happened where that is unknown."""

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
    """The effect certainly did not happen. `again` says whether it can be tried later."""

    def __init__(self, why: str, *, again: bool = False) -> None:
        super().__init__(why)
        self.again = again


class NeedsPerson(Exception):
    """The effect certainly did not happen, and a person must decide whether it may."""


class NotNeeded(Exception):
    """The effect did not happen and is no longer needed; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ActionContext:
    """What performers work with. They must call `about_to` right before anything is sent or changed."""

    engine: Engine
    destinations: Destinations
    mailboxes: Mailboxes
    about_to: Callable[[], None]


class Performer(Protocol):
    """One action; implemented by a module."""

    def plan(self, action: object, mail: ActedMail) -> Planned:
        """Plan the action for this mail. Must not connect to anything."""

    async def perform(self, effect: Effect, context: ActionContext) -> str:
        """Perform the effect, and return in one line what was done and where.

        Raises:
            NotDone: It certainly did not happen. Any other exception before `about_to` means the same; after it, that
                it may have happened.
            NeedsPerson: It certainly did not happen, and a person must decide.
            NotNeeded: It is no longer needed.
            SeveralFit: Several mails match the one on record; none was changed.
        """

    async def look(self, effect: Effect, context: ActionContext) -> Found:
        """Whether the effect happened, by looking at the far end. Called only while no process performs the effect.

        `not done` means that the effect may be performed again.
        """
