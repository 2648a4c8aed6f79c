"""Settles interrupted effects by looking whether they happened, and performs planned ones that were left."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from prefect import task

from tasks import policies
from tasks.act.destinations import read_destinations
from tasks.act.lapsing import lapse_answered_replies
from tasks.act.mailboxes import connect_mailbox, identify_mailbox
from tasks.act.outbox import Outbox, open_outbox
from tasks.ledger.effects import Effect, by_ids, in_state, is_abandoned
from tasks.ledger.engine import open_ledger
from tasks.ledger.owners import owner_name
from tasks.runs import Run


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """The effects that were settled, counted by state."""

    states: Counter[str] = field(default_factory=Counter)

    @property
    def asks_a_person(self) -> int:
        """How many are held now."""
        return self.states["held"]

    @property
    def not_done(self) -> int:
        """How many failed, or may still have happened."""
        return self.states["failed"] + self.states["ambiguous"]

    def sentence(self) -> str:
        """The counts as a sentence, for the run's state."""
        if not self.states:
            return "Nothing was left open"
        return ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))


@task(name="reconcile effects", **policies.LEDGER)
def reconcile_effects(run: Run, *, untouched_s: float) -> Cleared:
    """Settle open effects that no process works on. Those that changed within `untouched_s` are left alone."""
    outbox = open_outbox(
        open_ledger(run.settings.ledger),
        read_destinations(),
        connect_mailbox,
        owner=owner_name(run.id),
        lease_s=run.settings.lease_s,
        identify=identify_mailbox,
    )
    try:
        return reconcile(outbox, untouched_s=untouched_s)
    finally:
        outbox.mailboxes.close()


def reconcile(outbox: Outbox, *, untouched_s: float) -> Cleared:
    """Look for each effect that is ambiguous or whose holder died, then perform those that are still planned."""
    opened = _open_effects(outbox, untouched_s)
    asyncio.run(_settle_all(outbox, opened))
    lapsed = asyncio.run(lapse_answered_replies(outbox, in_state(outbox.engine, ["held"])))
    now = by_ids(outbox.engine, {*lapsed, *(one.effect_id for one in opened)})
    return Cleared(states=Counter(one.state for one in now))


def _open_effects(outbox: Outbox, untouched_s: float) -> list[Effect]:
    found = in_state(outbox.engine, ["ambiguous", "planned"], untouched_s=untouched_s)
    claimed = [one for one in in_state(outbox.engine, ["claimed"]) if is_abandoned(outbox.engine, one)]
    return [*claimed, *found]


async def _settle_all(outbox: Outbox, opened: list[Effect]) -> None:
    for effect in opened:
        if effect.state in ("ambiguous", "claimed"):
            await outbox.look_after(effect)
    await outbox.perform_mails({one.message_key for one in opened})
