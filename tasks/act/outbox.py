"""Performs effects from the outbox: in order within a mail, several mails at a time, each step recorded.

    claim ─▶ about_to ─▶ (the far end) ─▶ settle
A process that dies before `about_to` has done nothing. One that dies after it leaves a claim, and `reconcile` finds out
whether the effect happened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine

from tasks.act.actions import performer_of
from tasks.act.destinations import Destinations
from tasks.act.mail_search import SeveralFit
from tasks.act.mailboxes import Connect, Identify, Mailboxes, unidentified
from tasks.act.performer import ActionContext, NeedsPerson, NotDone, NotNeeded
from tasks.errors import MailroomError
from tasks.ledger import effects as ledger
from tasks.ledger.effects import Effect, Settled
from tasks.mail_names import effect_name, may_name

log = logging.getLogger("mailroom.act")
MAX_ATTEMPTS = 5
MAX_LOOKS = 3
_MAILS_AT_ONCE = 10
FINISHED = ("done", "failed", "rejected", "skipped", "superseded")


def no_step(name: str) -> None:
    """The default of `Outbox.step`: does nothing."""


class LostClaim(Exception):
    """Another process holds the effect now, so this one must not perform it."""


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """The outbox and what is needed to perform its effects. `step` is called after every step, for tests."""

    engine: Engine
    destinations: Destinations
    mailboxes: Mailboxes
    owner: str
    lease_s: float
    step: Callable[[str], None] = no_step

    def context(self, effect: Effect) -> ActionContext:
        """The context for the effect's performer."""
        return ActionContext(
            engine=self.engine, destinations=self.destinations, mailboxes=self.mailboxes,
            about_to=partial(self._about_to, effect),
        )  # fmt: skip

    def _about_to(self, effect: Effect) -> None:
        if not ledger.mark_begun(self.engine, effect):
            raise LostClaim
        self.step("begun")

    async def perform_all(self, effect_ids: Iterable[str]) -> None:
        """Perform the planned ones among these effects, each mail's in order."""
        found: dict[str, list[Effect]] = {}
        for effect in ledger.by_ids(self.engine, effect_ids):
            found.setdefault(effect.message_key, []).append(effect)
        await self._side_by_side(found.values())

    async def perform_mails(self, keys: Iterable[str]) -> None:
        """Perform all planned effects of these mails in order, except those of dry runs."""
        found = ledger.of_mails(self.engine, keys).values()
        await self._side_by_side([effect for effect in effects if not effect.dry_run] for effects in found)

    async def _side_by_side(self, mails: Iterable[Sequence[Effect]]) -> None:
        turn = asyncio.Semaphore(_MAILS_AT_ONCE)

        async def one(effects: Sequence[Effect]) -> None:
            async with turn:
                await self.perform_in_order(effects)

        await asyncio.gather(*(one(effects) for effects in mails))

    async def perform_in_order(self, effects: Sequence[Effect]) -> None:
        """Perform one mail's effects. If one is not finished, those after it are not performed.

        An effect that is held for a person is skipped: the others do not wait for it.
        """
        for effect in effects:
            state = await self._bring_on(effect)
            if state not in (*FINISHED, "held"):
                return

    async def _bring_on(self, effect: Effect) -> str:
        if effect.state == "claimed" and ledger.is_abandoned(self.engine, effect):
            if await self.look_after(effect) != "planned":
                return _state(self.engine, effect)
        elif effect.state != "planned":
            return effect.state
        await self.perform(effect.effect_id)
        return _state(self.engine, effect)

    async def perform(self, effect_id: str) -> None:
        """Perform one planned effect, unless it can't be claimed."""
        effect = ledger.claim_effect(self.engine, effect_id, owner=self.owner, lease_s=self.lease_s)
        if effect is None:
            return
        self.step("claimed")
        try:
            # This must end well before the lease does, so that the next owner is alone with the effect.
            async with asyncio.timeout(self.lease_s / 2):
                detail = await performer_of(effect.action).perform(effect, self.context(effect))
            state: Settled = "done"
        except LostClaim:
            return
        except SeveralFit as several:
            state, detail = "ambiguous", str(several)
        except NeedsPerson as why:
            state, detail = "held", str(why)
        except NotNeeded as why:
            state, detail = "skipped", str(why)
        except NotDone as no:
            again = no.again and effect.attempts < MAX_ATTEMPTS
            state, detail = ("planned" if again else "failed"), str(no)
        except MailroomError as error:
            state, detail = "failed", str(error)
        except Exception as error:
            state, detail = self._after_accident(effect, error)
        self.step("performed")
        if state != "done":
            _log_not_done(effect, state, detail)
        ledger.settle_effect(self.engine, effect, state, detail)
        self.step("settled")

    def _after_accident(self, effect: Effect, error: Exception) -> tuple[Settled, str]:
        # The error's message may contain a mail's or a server's words, so only its type is shown.
        (now,) = ledger.by_ids(self.engine, [effect.effect_id])
        if now.begun:
            return "ambiguous", f"it was cut short ({type(error).__name__}) and may have happened"
        again = isinstance(error, OSError) and effect.attempts < MAX_ATTEMPTS
        return ("planned" if again else "failed"), f"it could not be begun ({type(error).__name__})"

    async def look_after(self, effect: Effect) -> Settled | None:
        """Find out whether the effect happened, settle it, and return its state; null if another process does this.

        Nothing is performed here. If several attempts do not find out, the effect is held for a person.
        """
        mine = ledger.take_over(self.engine, effect, owner=self.owner, lease_s=self.lease_s)
        if mine is None:
            return None
        self.step("taken over")
        state, detail = await self._look(mine, before=effect)
        self.step("looked")
        ledger.settle_effect(self.engine, mine, state, detail)
        self.step("settled")
        return state

    async def _look(self, effect: Effect, *, before: Effect) -> tuple[Settled, str]:
        if not effect.begun:
            return _to_be_tried_again(before)
        try:
            async with asyncio.timeout(self.lease_s / 2):
                found = await performer_of(effect.action).look(effect, self.context(effect))
        except (NotDone, SeveralFit) as no:
            found, why = "unknown", str(no)
        except Exception as error:
            found, why = "unknown", f"looking for it failed ({type(error).__name__})"
        else:
            why = "the far end can't tell whether it happened"
        if found == "done":
            return "done", "it had happened: found at the far end"
        if found == "not done":
            return "planned", "it had not happened: it is not at the far end"
        if effect.looks >= MAX_LOOKS:
            return "held", f"it may have happened already, and {why}: look yourself before you approve it"
        return "ambiguous", f"{why}; it is looked for again"


def open_outbox(
    engine: Engine,
    destinations: Destinations,
    connect: Connect,
    *,
    owner: str,
    lease_s: float,
    identify: Identify = unidentified,
    step: Callable[[str], None] = no_step,
) -> Outbox:
    """An outbox with its own connections. Close its `mailboxes` after use."""
    return Outbox(
        engine=engine,
        destinations=destinations,
        mailboxes=Mailboxes(engine, connect, identify),
        owner=owner,
        lease_s=lease_s,
        step=step,
    )


def _log_not_done(effect: Effect, state: Settled, detail: str) -> None:
    """A warning where a person must act: not of what is tried again by itself, or is no longer needed."""
    level = logging.INFO if state in ("planned", "skipped") else logging.WARNING
    name = effect_name(effect.action, effect.target, subjects=may_name())
    log.log(level, "%s for mail %s: %s, %s", name, effect.message_key[:12], state, detail)


def _state(engine: Engine, effect: Effect) -> str:
    (now,) = ledger.by_ids(engine, [effect.effect_id])
    return now.state


def _to_be_tried_again(before: Effect) -> tuple[Settled, str]:
    """The next state of an effect that certainly did not happen. `before` is the effect before it was claimed here."""
    if before.state == "ambiguous" and before.looks >= MAX_LOOKS:
        return "failed", before.detail
    return "planned", "the process that held it ended before anything was sent"
