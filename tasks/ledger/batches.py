"""A batch's states in the ledger. It is recorded before it is sent, settled item by item, and owned by one process.

recorded → uploaded → submitting → submitted → collected → closed, or → failed where the provider rejected all of it. If
the process dies, the next one continues from the state that was reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, bindparam, delete, select, update

from tasks.ledger.batch_queue import MOST_TRIES, PARKED_S, parked_by
from tasks.ledger.budgets import Alert, Bill, Scope, pay
from tasks.ledger.completions import nano_usd
from tasks.ledger.owners import is_gone
from tasks.ledger.schema import batch_items, batches, completions, messages
from tasks.questions import RawAnswer, Usage

OPEN = ("recorded", "uploaded", "submitting", "submitted", "collected")
OnAlert = Callable[[Alert], None]

LEASE_S = 1_800.0
"""The longest time that one step of a batch may take, such as the upload of a large one over a slow line."""

_AT_A_TIME = 500


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A row of `batches`. `remote_id` and `file_id` are the provider's, and null until the provider has sent them."""

    batch_id: str
    state: str
    provider: str
    model: str
    items: int
    run_id: str
    scopes: tuple[Scope, ...]
    file_id: str | None
    remote_id: str | None
    created_at: float


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The result of one question: an answer; an error, billed or not; or no result, so that it is asked again."""

    key: str
    answer: RawAnswer | None = None
    error_code: str | None = None
    unanswered: bool = False
    usage: Usage = field(default_factory=Usage)
    price_usd: Decimal | None = Decimal(0)
    kept: str | None = None
    """The text of an answer that cannot be used."""


def claim_batches(engine: Engine, *, owner: str, only: str | None = None) -> list[Batch]:
    """Claim the open batches that have no owner or whose owner died, and return them, oldest first."""
    now = time.time()
    with engine.begin() as connection:
        wanted = select(batches).where(batches.c.state.in_(OPEN)).order_by(batches.c.created_at).with_for_update()
        rows = connection.execute(wanted.where(batches.c.batch_id == only) if only else wanted).all()
        ours = [
            row for row in rows if not row.owner or row.owner == owner or row.lease_until < now or is_gone(row.owner)
        ]
        for row in ours:
            connection.execute(
                update(batches).where(batches.c.batch_id == row.batch_id).values(owner=owner, lease_until=now + LEASE_S)
            )
    return [_batch(row) for row in ours]


def move_batch(engine: Engine, batch_id: str, state: str, **columns: Any) -> None:
    """Set the batch's state; it is on disk when this returns."""
    with engine.begin() as connection:
        connection.execute(
            update(batches)
            .where(batches.c.batch_id == batch_id)
            .values(state=state, updated=time.time(), lease_until=time.time() + LEASE_S, **columns)
        )


def leave_batches(engine: Engine, owner: str) -> None:
    """Release this owner's open batches, so that others can claim them."""
    with engine.begin() as connection:
        connection.execute(update(batches).where(batches.c.owner == owner).values(owner="", lease_until=0.0))


def known_remotes(engine: Engine, provider: str) -> set[str]:
    """The provider's ids of all batches that are in the ledger."""
    wanted = select(batches.c.remote_id).where(batches.c.provider == provider, batches.c.remote_id.is_not(None))
    with engine.begin() as connection:
        return {str(found) for found in connection.scalars(wanted)}


def requests_of(engine: Engine, batch_id: str) -> list[tuple[str, str]]:
    """Key and request (JSON) of every question of the batch, in the order of their keys."""
    wanted = select(batch_items.c.key, batch_items.c.body).where(batch_items.c.batch_id == batch_id)
    with engine.begin() as connection:
        return [(row.key, row.body) for row in connection.execute(wanted.order_by(batch_items.c.key))]


def settle_items(
    engine: Engine, batch: Batch, settled: Sequence[Settled], *, run_id: str, on_alert: OnAlert | None = None
) -> int:
    """Record these results and return how many of the batch's questions they settled.

    Questions that were settled before stay as they are. The calls are billed to `run_id`, the run that collected the
    batch and records the outcomes.
    """
    count = 0
    for start in range(0, len(settled), _AT_A_TIME):
        with engine.begin() as connection:
            some, alerts = _settle_some(connection, batch, settled[start : start + _AT_A_TIME], run_id)
        count += some
        if on_alert is not None:
            for alert in alerts:
                on_alert(alert)
    return count


def ask_again(engine: Engine, batch: Batch, *, error_code: str, run_id: str) -> int:
    """Queue the batch's unanswered questions again and return their number; after three tries they fail."""
    with engine.begin() as connection:
        keys = connection.scalars(
            select(batch_items.c.key).where(batch_items.c.batch_id == batch.batch_id, batch_items.c.state == "sent")
        ).all()
    return settle_items(
        engine, batch, [Settled(key=key, error_code=error_code, unanswered=True) for key in keys], run_id=run_id
    )


def release_batch(engine: Engine, batch: Batch, *, run_id: str) -> int:
    """Delete the batch's questions, which could not be sent, and return how many of their mails are PENDING again."""
    keys = [key for key, _body in requests_of(engine, batch.batch_id)]
    settle_items(engine, batch, [Settled(key=key, error_code="API_ERROR") for key in keys], run_id=run_id)
    asked = select(batch_items.c.message_key).where(batch_items.c.batch_id == batch.batch_id)
    with engine.begin() as connection:
        released = connection.execute(
            update(messages)
            .where(messages.c.message_key.in_(asked), messages.c.owner == parked_by(batch.run_id))
            .values(state="PENDING", owner="", lease_until=0.0, updated=time.time())
        ).rowcount
        connection.execute(delete(batch_items).where(batch_items.c.batch_id == batch.batch_id))
    return released


def keep_parked(engine: Engine) -> None:
    """Renew the leases of mails whose questions are in a batch that is still open."""
    sent = (
        select(batch_items.c.message_key)
        .join(batches, batches.c.batch_id == batch_items.c.batch_id)
        .where(batch_items.c.state == "sent", batches.c.state.in_(OPEN))
    )
    with engine.begin() as connection:
        connection.execute(
            update(messages)
            .where(messages.c.message_key.in_(sent), messages.c.owner.startswith(parked_by("")))
            .values(lease_until=time.time() + PARKED_S)
        )


_END_CALL = update(completions).where(completions.c.call == bindparam("b_call"))
_END_ITEM = update(batch_items).where(batch_items.c.key == bindparam("b_key"))


def _settle_some(
    connection: Connection, batch: Batch, settled: Sequence[Settled], run_id: str
) -> tuple[int, list[Alert]]:
    by_key = {one.key: one for one in settled}
    table = batch_items.c
    ours = and_(table.batch_id == batch.batch_id, table.state == "sent", table.key.in_(by_key))
    rows = connection.execute(select(batch_items).where(ours).with_for_update()).all()
    if not rows:
        return 0, []
    connection.execute(_END_CALL, [_ended_call(row.call, by_key[row.key], run_id) for row in rows])
    connection.execute(_END_ITEM, [_ended_item(row, by_key[row.key]) for row in rows])
    alerts = pay(connection, [_bill(batch, rows, by_key)])[0] if batch.scopes else []
    return len(rows), alerts


def _bill(batch: Batch, rows: Sequence[Any], by_key: dict[str, Settled]) -> Bill:
    spent = reserved = 0
    for row in rows:
        price = nano_usd(by_key[row.key].price_usd)
        reserved += row.worst_nusd or 0
        spent += (row.worst_nusd or 0) if price is None else price
    return Bill(owner=parked_by(batch.batch_id), scopes=batch.scopes, spent=spent, given_back=reserved - spent)


def _ended_call(call: int, one: Settled, run_id: str) -> dict[str, Any]:
    answer = one.answer
    usage = (answer.usage or Usage()) if answer else one.usage
    return {
        "b_call": call, "run_id": run_id, "state": "done" if answer else "failed",
        "price_nusd": nano_usd(one.price_usd),
        "answer": answer.text if answer else one.kept, "answered_by": answer.model if answer else None,
        "error_code": one.error_code, "request_id": answer.request_id if answer else None,
        "simulated": answer.simulated if answer else False, "ended_at": time.time(), **asdict(usage),
    }  # fmt: skip


def _ended_item(row: Row[Any], one: Settled) -> dict[str, Any]:
    if one.answer is not None:
        return {"b_key": row.key, "state": "done", "body": None, "error_code": None}
    if one.unanswered and row.tries < MOST_TRIES:
        return {"b_key": row.key, "state": "waiting", "body": row.body, "error_code": None}
    return {"b_key": row.key, "state": "failed", "body": None, "error_code": one.error_code}


def _batch(row: Row[Any]) -> Batch:
    scopes = tuple(Scope(name=name, cap=cap) for name, cap in row.scopes)
    names = ("batch_id", "state", "provider", "model", "items", "run_id", "file_id", "remote_id", "created_at")
    return Batch(scopes=scopes, **{name: getattr(row, name) for name in names})
