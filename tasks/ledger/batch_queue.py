"""The queue of questions that wait for a batch. Questions come in mail by mail and leave batch by batch.

A mail with a queued question is parked: it is PROCESSING and belongs to the run that parked it, not to a process, so
that no other run asks about it at the full price. If nobody collects the batch for two days, the mail's lease ends and
any run may claim it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from tasks.ledger.budgets import MoneyRequest, Scope, Shortage, take
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import NANO_USD, batch_items, batches, completions, messages

PARKED_S = 48 * 3_600.0
"""Longer than any provider may take for a batch."""

MOST_TRIES = 3
_PARKED = "batch|0|0|"  # the format of `tasks.ledger.owners`, with a machine name that no machine has


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A question for a batch; `worst_usd` is null when its price is unknown."""

    key: str
    message_key: str
    question: str
    provider: str
    model: str
    body: dict[str, Any]
    worst_usd: Decimal | None
    run_id: str
    """The run that its mail belongs to."""
    again: bool = False
    """Whether an earlier answer does not count."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a question is: `waiting`, `sent`, or `failed` with the error's code. A failure is reported once."""

    state: str
    error_code: str | None = None
    reason: str = ""
    """What became of the last batch that it was in; empty where that had answers for others."""


@dataclass(frozen=True, kw_only=True)
class BatchBounds:
    """What a provider takes in one batch."""

    items: int
    body_bytes: int


def parked_by(run_id: str) -> str:
    """The owner of the mails that this run parked."""
    return f"{_PARKED}{run_id}"


def enqueue(connection: Connection, rows: list[Any]) -> list[Place]:
    """Queue each `Queued`, park its mail, and return its `Place`. A handler of the ledger's writer.

    A question that was queued before keeps its place. One that failed is removed, so that its failure is reported once.
    """
    keys = [queued.key for queued in rows]
    found = connection.execute(select(batch_items).where(batch_items.c.key.in_(keys)))
    known = {row.key: row for row in found}
    places = []
    for queued in rows:
        row = known.get(queued.key)
        if row is not None and row.state == "failed" and not queued.again:
            connection.execute(delete(batch_items).where(batch_items.c.key == queued.key))
            last = select(batches.c.error).where(batches.c.batch_id == row.batch_id)
            places.append(Place(state="failed", error_code=row.error_code, reason=connection.scalar(last) or ""))
            continue
        if row is None or row.state in ("done", "failed"):
            _put(connection, queued)
        _park(connection, queued)
        places.append(Place(state="sent" if row is not None and row.state == "sent" else "waiting"))
    return places


def _put(connection: Connection, queued: Queued) -> None:
    body = json.dumps(queued.body, ensure_ascii=False, separators=(",", ":"))
    worst = queued.worst_usd
    row = {
        "state": "waiting", "batch_id": None, "call": None, "message_key": queued.message_key,
        "run_id": queued.run_id, "question": queued.question, "provider": queued.provider, "model": queued.model,
        "body": body, "body_bytes": len(body.encode()), "tries": 0, "error_code": None, "created_at": time.time(),
        "worst_nusd": None if worst is None else int((worst * NANO_USD).to_integral_value("ROUND_CEILING")),
    }  # fmt: skip
    new = insert_into(batch_items, connection.dialect.name).values(key=queued.key, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["key"], set_=row))


def _park(connection: Connection, queued: Queued) -> None:
    connection.execute(
        update(messages)
        .where(messages.c.message_key == queued.message_key, messages.c.state == "PROCESSING")
        .values(owner=parked_by(queued.run_id), lease_until=time.time() + PARKED_S)
    )


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A run and a model that some of its questions wait for. Each batch is for one run and one model."""

    run_id: str
    provider: str
    model: str


def waiting(engine: Engine) -> list[Waiting]:
    """The runs and models of all questions that are in no batch yet."""
    columns = (batch_items.c.run_id, batch_items.c.provider, batch_items.c.model)
    with engine.begin() as connection:
        rows = connection.execute(
            select(*columns).where(batch_items.c.state == "waiting").distinct().order_by(*columns)
        ).all()
    return [Waiting(run_id=row.run_id, provider=row.provider, model=row.model) for row in rows]


def record_batch(
    engine: Engine, group: Waiting, room: BatchBounds, *, owner: str, lease_s: float, scopes: tuple[Scope, ...]
) -> str | None:
    """Record a new batch of the group's questions and all its calls; return its id, or null when no question waits.

    The batch belongs to the owner until its lease ends. Its highest possible price is reserved in `scopes`, if there
    are any. The batch holds as many questions as these budgets have room for, the oldest first.

    Raises:
        NothingAffordable: The budgets do not have room for a single question.
    """
    with engine.begin() as connection:
        items = list(_fitting(connection, group, room))
        if not items:
            return None
        batch_id = secrets.token_hex(16)
        if scopes:
            items = _affordable(connection, batch_id, items, scopes)
        _write_down(connection, batch_id, items, group)
        now = time.time()
        row = {
            "batch_id": batch_id, "state": "recorded", "provider": group.provider, "model": group.model,
            "items": len(items), "run_id": group.run_id, "scopes": [[scope.name, scope.cap] for scope in scopes],
            "owner": owner, "lease_until": now + lease_s, "created_at": now, "updated": now, "error": "",
        }  # fmt: skip
        connection.execute(insert(batches).values(row))
    return batch_id


class NothingAffordable(Exception):
    """The budgets do not have room for any of the waiting questions."""

    def __init__(self, shortage: Shortage) -> None:
        super().__init__(shortage)
        self.shortage = shortage


def _fitting(connection: Connection, group: Waiting, room: BatchBounds) -> Iterator[Any]:
    table = batch_items.c
    wanted = (
        select(table.key, table.message_key, table.question, table.body_bytes, table.worst_nusd)
        .where(table.state == "waiting", table.run_id == group.run_id)
        .where(table.provider == group.provider, table.model == group.model)
        .order_by(table.created_at, table.key)
        .limit(room.items)
        .with_for_update(skip_locked=True)
    )
    left = room.body_bytes
    for number, row in enumerate(connection.execute(wanted).all()):
        left -= row.body_bytes
        if left < 0 and number:
            return
        yield row


def _affordable(connection: Connection, batch_id: str, items: list[Any], scopes: tuple[Scope, ...]) -> list[Any]:
    """Reserve money for as many of the items as the budgets have room for, and return these.

    Raises:
        NothingAffordable: There is no room for the first item.
    """
    while True:
        worst = sum(item.worst_nusd or 0 for item in items)
        owner = f"{_PARKED}{batch_id}"
        request = MoneyRequest(owner=owner, scopes=scopes, most=worst, least=worst, worst=worst, lease_s=PARKED_S)
        (granted,) = take(connection, [request])
        if not isinstance(granted, Shortage):
            return items
        if len(items) == 1:
            raise NothingAffordable(granted)
        items = _within(items, granted.left) if granted.left < worst else items[: len(items) // 2]


def _within(items: list[Any], left: int) -> list[Any]:
    kept, total = items[:1], items[0].worst_nusd or 0
    for item in items[1:]:
        total += item.worst_nusd or 0
        if total > left:
            break
        kept.append(item)
    return kept


_SEND = (
    update(batch_items)
    .where(batch_items.c.key == bindparam("b_key"))
    .values(state="sent", batch_id=bindparam("b_batch"), call=bindparam("b_call"), tries=batch_items.c.tries + 1)
)
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")


def _write_down(connection: Connection, batch_id: str, items: list[Any], group: Waiting) -> None:
    """Record every call of the batch as begun, like a call that is sent alone."""
    calls = {item.key: secrets.randbits(63) for item in items}
    alike = {
        "state": "begun", "run_id": group.run_id, "provider": group.provider, "model": group.model, "key_index": 0,
        "simulated": False, "begun_at": time.time(), **dict.fromkeys(_TOKENS, 0),
    }  # fmt: skip
    rows = [
        {"call": calls[item.key], "key": item.key, "message_key": item.message_key, "question": item.question, **alike}
        for item in items
    ]
    connection.execute(insert(completions), rows)
    connection.execute(_SEND, [{"b_key": item.key, "b_batch": batch_id, "b_call": calls[item.key]} for item in items])


def give_up_waiting(engine: Engine, group: Waiting) -> int:
    """Set the group's mails to PENDING, because no batch of their questions can be paid for; return their number."""
    table = batch_items.c
    these = (table.state == "waiting", table.run_id == group.run_id, table.provider == group.provider,
             table.model == group.model)  # fmt: skip
    with engine.begin() as connection:
        freed = connection.execute(
            update(messages)
            .where(messages.c.message_key.in_(select(table.message_key).where(*these)))
            .where(messages.c.owner == parked_by(group.run_id))
            .values(state="PENDING", owner="", lease_until=0.0, updated=time.time())
        ).rowcount
        connection.execute(delete(batch_items).where(*these))
    return freed


def answered_mails(engine: Engine) -> dict[str, list[str]]:
    """The parked mails whose questions are all answered, by the run that parked them."""
    unanswered = select(batch_items.c.message_key).where(batch_items.c.state.in_(("waiting", "sent")))
    wanted = (
        select(messages.c.owner, messages.c.message_key)
        .where(
            messages.c.state == "PROCESSING",
            messages.c.owner.startswith(_PARKED),
            messages.c.message_key.not_in(unanswered),
        )
        .order_by(messages.c.first_seen)
    )
    found: dict[str, list[str]] = {}
    with engine.begin() as connection:
        for owner, key in connection.execute(wanted):
            found.setdefault(owner.removeprefix(_PARKED), []).append(key)
    return found
