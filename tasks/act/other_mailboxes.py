"""One mail in several mailboxes: it is read, paid for and answered once, and marked in each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tasks.act.mailboxes import MAILBOX, MailLocation
from tasks.act.outbox import Outbox
from tasks.actions import action_types
from tasks.ledger.effects import Effect, fates_of, of_mails
from tasks.ledger.plans import Plan, record_plan

_MEANT = ("planned", "claimed", "done", "ambiguous")


def in_other_mailboxes(plan: Plan, locations: Sequence[MailLocation]) -> list[Plan]:
    """The same for each further mailbox that has the mail, where it is something done to the mail where it lies."""
    if action_types()[plan.action].needs_bytes or plan.state == "skipped":
        return []
    names = list(dict.fromkeys(location.mailbox for location in locations))
    return [replace(plan, parameters={**plan.parameters, MAILBOX: name}) for name in names[1:]]


def mark_elsewhere(outbox: Outbox, keys: Sequence[str], *, run_id: str, dry_run: bool) -> list[Any]:
    """Do to mails that are done what was done to them elsewhere, in mailboxes that have them, too; how that stands."""
    locations = outbox.mailboxes.locations_of(keys)
    several = [key for key, found in locations.items() if len({one.mailbox for one in found}) > 1]
    done = of_mails(outbox.engine, several)
    plans = [
        plan
        for key in several
        for effect in done.get(key, [])
        if _is_meant(effect)
        for plan in in_other_mailboxes(_plan_of(effect, dry_run), locations[key])
    ]
    known = {effect.effect_id for effects in done.values() for effect in effects if not effect.dry_run}
    new = [plan for plan in plans if plan.effect_id not in known]
    record_plan(outbox.engine, run_id, new)
    ids = [plan.effect_id for plan in new]
    if not dry_run:
        asyncio.run(outbox.perform_all(ids))
    return fates_of(outbox.engine, ids)


def _is_meant(effect: Effect) -> bool:
    return effect.state in _MEANT and not effect.dry_run and MAILBOX not in effect.parameters


def _plan_of(effect: Effect, dry_run: bool) -> Plan:
    return Plan(
        message_key=effect.message_key, position=effect.position, action=effect.action, parameters=effect.parameters,
        rule=effect.rule, target=effect.target, content=effect.content, dry_run=dry_run,
    )  # fmt: skip
