"""Records a person's decisions on held effects. A decision is valid only for exactly what was shown."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prefect import task
from sqlalchemy import Engine

from tasks import policies
from tasks.act.approval.form import Choice
from tasks.act.approval.shown import ShownEffect, Version, head_of
from tasks.act.destinations import read_destinations
from tasks.act.edits import note_edit
from tasks.act.lapsing import lapse_answered_replies
from tasks.act.mailboxes import connect_mailbox, identify_mailbox
from tasks.act.outbox import Outbox, open_outbox
from tasks.ledger.approvals import Verdict, give_verdict
from tasks.ledger.effects import Effect, by_ids, in_state
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import load_raw
from tasks.ledger.owners import owner_name
from tasks.mail_names import effect_name, may_name
from tasks.runs import Run

log = logging.getLogger("mailroom.act")


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The result of a choice: `approved`, `edited`, `rejected`, `waits`, or `refused` if it was not valid; and why."""

    shown: ShownEffect
    word: str
    why: str = ""


@task(name="find held", **policies.LEDGER)
def find_held(run: Run, *, most: int, dry_runs: bool, but: Collection[Version] = ()) -> list[ShownEffect]:
    """The `most` oldest held effects, prepared for display, without the versions in `but`."""
    engine = open_ledger(run.settings.ledger)
    held = in_state(engine, ["held"], dry_runs=dry_runs)
    waiting = [effect for effect in held if (effect.effect_id, effect.content_hash) not in but]
    page: list[Effect] = []
    with _open_outbox(run) as outbox:
        while waiting and len(page) < most:  # what lapsed makes room for others
            some, waiting = waiting[: most - len(page)], waiting[most - len(page) :]
            lapsed = asyncio.run(lapse_answered_replies(outbox, some))
            page += [effect for effect in some if effect.effect_id not in lapsed]
    heads = _heads(engine, page)
    return [ShownEffect(effect=effect, mail_head=heads.get(effect.message_key, "")) for effect in page]


def _heads(engine: Engine, effects: Iterable[Effect]) -> dict[str, str]:
    keys = {effect.message_key for effect in effects if not effect.content.get("quoted")}
    return {found["message_key"]: head_of(found["raw"]) for found in load_raw(engine, sorted(keys))}


@task(name="take down", **policies.LEDGER)
def take_down(choices: list[Choice], run: Run, *, person: str) -> list[Decided]:
    """Record the choices with the person and the time. An effect that has changed since it was shown stays held."""
    engine = open_ledger(run.settings.ledger)
    decided = [decide_one(engine, choice, person=person, flow_run_id=run.id) for choice in choices]
    subjects = may_name()
    for one in decided:
        effect = one.shown.effect
        name = effect_name(effect.action, effect.target, subjects=subjects)
        log.info("%s for mail %s: %s %s", name, effect.message_key[:12], one.word, one.why)
    return decided


def decide_one(engine: Engine, choice: Choice, *, person: str, flow_run_id: str) -> Decided:
    """Record one choice and return its result."""
    verdict = _VERDICTS.get(choice.decision)
    if verdict is None:
        return Decided(shown=choice.shown, word="waits", why=_left_unused(choice))
    why = f"{no}; it is still held" if (no := _objection(engine, choice)) else ""
    if not why and not _given(engine, choice, verdict, person, flow_run_id):
        why = _overtaken(engine, choice.shown.effect)
    if not why and verdict == "edited" and choice.text_changed:
        note_edit(engine, choice.shown.effect, choice.text or "")
    return Decided(shown=choice.shown, word="refused" if why else verdict, why=why)


_VERDICTS: dict[str, Verdict] = {"approve": "approved", "edit": "edited", "reject": "rejected"}


def _given(engine: Engine, choice: Choice, verdict: Verdict, person: str, flow_run_id: str) -> bool:
    effect = choice.shown.effect
    return give_verdict(
        engine, effect.effect_id, verdict=verdict, shown_hash=effect.content_hash, person=person,
        flow_run_id=flow_run_id, content=_content(choice, verdict), target=choice.recipient or None,
    )  # fmt: skip


def _content(choice: Choice, verdict: Verdict) -> dict[str, Any]:
    content = choice.shown.effect.content
    if verdict == "edited":
        content = {**content, "text": choice.text}
    if choice.recipient and verdict != "rejected":
        content = with_recipient(content, choice.recipient)
    return content


def with_recipient(content: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The reply's content with the recipient that a person chose."""
    why = next(one["why"] for one in content["candidates"] if one["address"] == address)
    return {**content, "to": address, "to_verified": False, "to_why": f"chosen by a person: {why}"}


def _overtaken(engine: Engine, effect: Effect) -> str:
    now = next(iter(by_ids(engine, [effect.effect_id])), None)
    if now is not None and now.state in ("skipped", "superseded"):
        return f"it is not wanted any more: {now.detail}"
    if now is None or now.state != "held":
        return f"somebody else decided meanwhile ({now.detail if now else 'it is gone'})"
    return "it was changed meanwhile and is not as it was shown any more; it is still held"


def _left_unused(choice: Choice) -> str:
    return "its text was changed, but nothing was decided" if choice.text_changed else ""


def _objection(engine: Engine, choice: Choice) -> str:
    """Why the choice is not valid; empty if it is."""
    if choice.shown_changed:
        return "a text that is only for reading was changed in the form; to change a reply, choose `edit`"
    if choice.decision == "reject":
        return ""
    if choice.shown.candidates and not choice.recipient:
        return "no recipient was chosen"
    if choice.decision == "approve" and choice.text_changed:
        return "the text was changed, but `approve` was chosen instead of `edit`"
    if choice.decision == "edit" and not (choice.text or "").strip():
        return "`edit` was chosen, but there is no text"
    if not mail_is_same(engine, choice.shown.effect):
        return "the mail on record is no longer the one that the reply was written for"
    return ""


def mail_is_same(engine: Engine, effect: Effect) -> bool:
    """Whether the mail on record is, byte for byte, the one that was shown with the effect."""
    wanted = effect.content.get("mail_sha256")
    raws = [found["raw"] for found in load_raw(engine, [effect.message_key])]
    return wanted is None or [hashlib.sha256(raw).hexdigest() for raw in raws] == [wanted]


@task(name="perform approved", **policies.LEDGER)
def perform_approved(effect_ids: list[str], run: Run) -> list[Effect]:
    """Perform these effects, in each mail's order, and say how they stand now."""
    with _open_outbox(run) as outbox:
        asyncio.run(outbox.perform_all(effect_ids))
    return by_ids(outbox.engine, effect_ids)


@contextmanager
def _open_outbox(run: Run) -> Iterator[Outbox]:
    outbox = open_outbox(
        open_ledger(run.settings.ledger), read_destinations(), connect_mailbox, owner=owner_name(run.id),
        lease_s=run.settings.lease_s, identify=identify_mailbox,
    )  # fmt: skip
    try:
        yield outbox
    finally:
        outbox.mailboxes.close()
