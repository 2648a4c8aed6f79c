"""The task `do actions`."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, TypeVar

from pandera.typing import DataFrame
from prefect import task
from sqlalchemy import Row

from tasks import policies
from tasks.act.destinations import read_destinations
from tasks.act.mailboxes import connect_mailbox, identify_mailbox
from tasks.act.one_reply import supersede_older
from tasks.act.other_mailboxes import mark_elsewhere
from tasks.act.outbox import Outbox, open_outbox
from tasks.act.plan import SecondReading, plan_mails
from tasks.chunks import split_rows
from tasks.frames import Decisions, Effects, Frame, Messages, Readings, Skipped, joined, records
from tasks.ledger.effects import effect_in_outcome, fates_of
from tasks.ledger.engine import open_ledger
from tasks.ledger.owners import owner_name
from tasks.ledger.plans import record_plan
from tasks.ledger.thread_replies import REPLIES
from tasks.mail_names import effect_name, mail_name, may_name
from tasks.opinions import SecondReader
from tasks.runs import Run

log = logging.getLogger("mailroom.act")
AnyFrame = TypeVar("AnyFrame", bound=Frame)


@task(name="do actions", **policies.LEDGER)
def apply_actions(
    messages: DataFrame[Messages],
    readings: DataFrame[Readings],
    decisions: DataFrame[Decisions],
    run: Run,
    second_reader: SecondReader,
) -> DataFrame[Effects]:
    """Perform what was decided about a chunk's mails. A dry run only records what would be done."""
    outbox = open_outbox(
        open_ledger(run.settings.ledger),
        read_destinations(),
        connect_mailbox,
        owner=owner_name(run.id),
        lease_s=run.settings.lease_s,
        identify=identify_mailbox,
    )
    try:
        rows, dry_run = rows_of(messages, readings, decisions), run.settings.dry_run
        return act(
            rows, outbox, run_id=run.id, dry_run=dry_run, review=None if dry_run else review_of(run, second_reader)
        )
    finally:
        outbox.mailboxes.close()


@task(name="mark elsewhere", **policies.LEDGER)
def mark_known_mails(messages: DataFrame[Messages], skipped: DataFrame[Skipped], run: Run) -> DataFrame[Effects]:
    """Mark mails that are done in this mailbox, too, where they were marked in another one; not those of `messages`."""
    outbox = open_outbox(
        open_ledger(run.settings.ledger),
        read_destinations(),
        connect_mailbox,
        owner=owner_name(run.id),
        lease_s=run.settings.lease_s,
    )
    try:
        known = skipped.loc[skipped["repeats"] & ~skipped["message_key"].isin(messages["message_key"]), "message_key"]
        keys = list(dict.fromkeys(known))
        fates = mark_elsewhere(outbox, keys, run_id=run.id, dry_run=run.settings.dry_run)
    finally:
        outbox.mailboxes.close()
    found: dict[str, list[dict[str, Any]]] = {}
    for fate in fates:
        found.setdefault(fate.message_key, []).append(effect_in_outcome(fate))
    return Effects.of([{"message_key": key, "effects": effects} for key, effects in found.items()])


def split_acting(
    messages: DataFrame[Messages], readings: DataFrame[Readings], decisions: DataFrame[Decisions], rows: int
) -> tuple[list[DataFrame[Messages]], list[DataFrame[Readings]], list[DataFrame[Decisions]]]:
    """Chunks of the three frames with equal rows in equal order, limited to mails that have actions."""
    keys = decisions.loc[decisions["actions"].map(len) > 0, "message_key"].tolist()
    return (
        split_rows(_rows_with(keys, messages), rows),
        split_rows(_rows_with(keys, readings), rows),
        split_rows(_rows_with(keys, decisions), rows),
    )


def _rows_with(keys: list[str], frame: DataFrame[AnyFrame]) -> DataFrame[AnyFrame]:
    return frame.set_index("message_key", drop=False).loc[keys]


def review_of(run: Run, second_reader: SecondReader) -> SecondReading | None:
    """Which replies of this run the second reader checks before they are sent; null if none."""
    read = {"off": (), "sent": ("send_reply",), "drafts": ("send_reply", "draft_reply")}[run.settings.review]
    if not read:
        return None
    return SecondReading(actions=frozenset(read), read_again=lambda mail, text: second_reader(mail.row, text, run))


def act(
    rows: list[dict[str, Any]], outbox: Outbox, *, run_id: str, dry_run: bool, review: SecondReading | None = None
) -> DataFrame[Effects]:
    """Plan the effects, perform them unless this is a dry run, and return one row for each mail."""
    keys = [row["message_key"] for row in rows]
    plans = plan_mails(outbox.engine, rows, outbox.destinations, outbox.mailboxes, dry_run=dry_run, review=review)
    as_planned = record_plan(outbox.engine, run_id, plans)
    outbox.step("recorded")
    answering = {plan.message_key for plan in plans if plan.action in REPLIES and plan.state != "skipped"}
    superseded = supersede_older(outbox.engine, answering, outbox.destinations.ours)
    ids = [plan.effect_id for plan in plans]
    if not dry_run:
        asyncio.run(outbox.perform_all(ids))
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
    fates = plans if dry_run and as_planned and not superseded else fates_of(outbox.engine, {*ids, *superseded})
    for effect in fates:
        if effect.message_key in found:
            found[effect.message_key].append(effect_in_outcome(effect))
    for effect in fates:  # a reply to a mail of an earlier chunk or run is listed with the mail that supersedes it
        if effect.message_key not in found and (by := superseded[effect.effect_id]) in found:
            found[by].append(effect_in_outcome(effect))
    _tell(rows, found)
    return Effects.of([{"message_key": key, "effects": effects} for key, effects in found.items()])


def as_they_stand(effects: DataFrame[Effects], ledger_url: str) -> DataFrame[Effects]:
    """A window's effects once all its chunks are done: one chunk may have superseded what another had told as held."""
    rows = records(effects)
    if not any(one["state"] == "superseded" for row in rows for one in row["effects"]):
        return effects
    replies = {one["effect_id"] for row in rows for one in row["effects"] if one["action"] in REPLIES}
    now = {fate.effect_id: fate for fate in fates_of(open_ledger(ledger_url), replies)}
    known = {row["message_key"] for row in rows}
    for row in rows:
        # Each is told once, with its own mail where that is in this window.
        own = [one for one in row["effects"] if _is_told_with(row["message_key"], now.get(one["effect_id"]), known)]
        row["effects"] = [effect_in_outcome(now[one["effect_id"]]) if one["effect_id"] in now else one for one in own]
    return Effects.of(rows)


def _is_told_with(key: str, fate: Row[Any] | None, known: set[str]) -> bool:
    return fate is None or fate.message_key == key or fate.message_key not in known


def _tell(rows: list[dict[str, Any]], effects: dict[str, list[dict[str, Any]]]) -> None:
    """One record of log a chunk, with a line an effect: by action and recipient, and for which mail."""
    subjects = may_name()
    lines = [
        f"{effect_name(one['action'], one['target'], subjects=subjects)}: {one['state']}, "
        f"for {mail_name(row, subjects=subjects)}"
        for row in rows
        for one in effects[row["message_key"]]
    ]
    log.info("%d effects.\n%s", len(lines), "\n".join(lines))


def rows_of(
    messages: DataFrame[Messages], readings: DataFrame[Readings], decisions: DataFrame[Decisions]
) -> list[dict[str, Any]]:
    """One row for each message with all columns of the three. The language is the model's where it gave one."""
    read = {row["message_key"]: row for row in records(readings)}
    decided = {row["message_key"]: row for row in records(decisions)}
    rows = []
    for message in records(messages):
        key = message["message_key"]
        rows.append(joined(message, read[key]) | decided[key])
    return rows


def lost_effects(chunk: DataFrame[Messages], why: BaseException) -> DataFrame[Effects]:
    """Rows for a chunk whose task failed. What was done is still on record in the outbox."""
    lost = [{"effect_id": "", "action": "", "target": "", "state": "unknown", "detail": type(why).__name__, "rule": ""}]
    return Effects.of([{"message_key": key, "effects": list(lost)} for key in chunk["message_key"]])
