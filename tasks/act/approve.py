"""A person's word on held effects, taken down and acted upon: it holds for exactly what was shown, and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from prefect import task
from sqlalchemy import Engine

from tasks import policies
from tasks.act.approval_form import Choice
from tasks.act.destinations import read_destinations
from tasks.act.mailboxes import connect_mailbox
from tasks.act.outbox import open_outbox
from tasks.ledger.approvals import Verdict, give_verdict
from tasks.ledger.effects import Effect, by_ids, in_state
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import load_raw
from tasks.ledger.owners import owner_name
from tasks.runs import Run

log = logging.getLogger("mailroom.act")


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a choice came to: `approved`, `edited`, `rejected`, `waits`, or `changed` where it did not count; and why."""

    effect_id: str
    word: str
    why: str = ""


@task(name="find held", **policies.LEDGER)
def find_held(run: Run, *, most: int, dry_runs: bool, but: Collection[str] = ()) -> list[Effect]:
    """The oldest held effects, at most so many, without the ones in `but`."""
    held = in_state(open_ledger(run.settings.ledger), ["held"], dry_runs=dry_runs)
    return [effect for effect in held if effect.effect_id not in but][:most]


@task(name="take down", **policies.LEDGER)
def take_down(choices: list[Choice], run: Run, *, person: str) -> list[Decided]:
    """Record what was chosen, with who and when; what is not exactly as it was shown any more is left held."""
    engine = open_ledger(run.settings.ledger)
    decided = [decide_one(engine, choice, person=person, flow_run_id=run.id) for choice in choices]
    for one in decided:
        log.info("effect %s: %s %s", one.effect_id[:12], one.word, one.why)
    return decided


def decide_one(engine: Engine, choice: Choice, *, person: str, flow_run_id: str) -> Decided:
    """What one choice comes to."""
    effect, verdict = choice.effect, _VERDICTS.get(choice.decision)
    if verdict is None:
        return Decided(effect_id=effect.effect_id, word="waits")
    why = _objection(engine, choice)
    if not why and not give_verdict(
        engine, effect.effect_id, verdict=verdict, shown_hash=effect.content_hash, person=person,
        flow_run_id=flow_run_id, text=choice.text if verdict == "edited" else None,
    ):  # fmt: skip
        why = "it is not as it was shown any more, or somebody else decided"
    return Decided(effect_id=effect.effect_id, word="changed" if why else verdict, why=why)


_VERDICTS: dict[str, Verdict] = {"approve": "approved", "edit": "edited", "reject": "rejected"}


def _objection(engine: Engine, choice: Choice) -> str:
    """Why the choice can't count; empty where it can."""
    if choice.decision == "approve" and choice.text_changed:
        return "the text was changed, but `approve` was chosen instead of `edit`"
    if choice.decision == "edit" and not (choice.text or "").strip():
        return "`edit` was chosen for something without a text"
    if choice.decision != "reject" and not mail_is_same(engine, choice.effect):
        return "the mail it answers is not the one it was written for any more"
    return ""


def mail_is_same(engine: Engine, effect: Effect) -> bool:
    """Whether the ledger still holds, byte for byte, the mail that the effect was shown beside."""
    wanted = effect.content.get("mail_sha256")
    raws = [found["raw"] for found in load_raw(engine, [effect.message_key])]
    return wanted is None or [hashlib.sha256(raw).hexdigest() for raw in raws] == [wanted]


@task(name="perform approved", **policies.LEDGER)
def perform_approved(effect_ids: list[str], run: Run) -> list[Effect]:
    """Perform these effects, in each mail's order, and say how they stand now."""
    return perform(effect_ids, run)


def perform(effect_ids: Iterable[str], run: Run) -> list[Effect]:
    """The effects after they were performed."""
    engine, ids = open_ledger(run.settings.ledger), list(effect_ids)
    outbox = open_outbox(
        engine, read_destinations(), connect_mailbox, owner=owner_name(run.id), lease_s=run.settings.lease_s
    )
    try:
        asyncio.run(outbox.perform_all(ids))
    finally:
        outbox.mailboxes.close()
    return by_ids(engine, ids)
