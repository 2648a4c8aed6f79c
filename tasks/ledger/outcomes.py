"""One row for each mail and run. The latest one that is not SKIPPED is the mail's state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, func, insert, select, update

from tasks.ledger.completions import nano_usd
from tasks.ledger.engine import open_ledger, reading, to_json
from tasks.ledger.rows import in_batches, write_rows
from tasks.ledger.schema import messages, outcomes


def settle(engine: Engine, run_id: str, rows: Sequence[dict[str, Any]], retry: set[str], fences: dict[str, int]) -> int:
    """Record outcomes, settle their mails, and return how many rows were recorded.

    A mail that another run has claimed meanwhile is left to that run. `rows` are outcome rows
    (`tasks.frames.Outcomes`); `retry` has the keys that another run should try again; `fences` has this run's claims.
    SKIPPED rows do not change the mail's state, nor do PROCESSING rows, whose mails wait for a batch.
    """
    now = time.time()
    records = [_record(run_id, row, now) for row in rows]
    with engine.begin() as connection:
        lost = _settle_mails(connection, [row for row in rows if row["message_key"] in fences], retry, fences, now)
        ours = [record for record in records if record["message_key"] not in lost]
        if ours:
            write_rows(connection, _RECORD, ours)
    return len(ours)


_RECORD = insert(outcomes)
_SETTLED = ("COMPLETED", "FAILED", "PENDING")
# These statements are built once: building one takes longer than executing it.
_HELD = and_(messages.c.message_key.in_(bindparam("keys", expanding=True)), messages.c.fence == bindparam("held"))
_SETTLE = update(messages).where(_HELD).values(
    owner="", lease_until=0.0, updated=bindparam("now"), state=bindparam("status"), retry=bindparam("again"),
    error_type=bindparam("error"),
)  # fmt: skip
_HOLD = update(messages).where(_HELD).values(fence=messages.c.fence)  # locks and counts the rows


def _settle_mails(
    connection: Connection, rows: Sequence[dict[str, Any]], retry: set[str], fences: dict[str, int], now: float
) -> set[str]:
    """Settle the mails and return the keys of those left out, because another run has claimed them meanwhile.

    The others are locked until the commit.
    """
    alike: dict[tuple[Any, ...], list[str]] = {}
    for row in rows:
        key = row["message_key"]
        end = (row["status"], key in retry, row["error_type"]) if row["status"] in _SETTLED else (None, False, None)
        alike.setdefault((fences[key], *end), []).append(key)
    lost: set[str] = set()
    for (fence, status, again, error), keys in alike.items():
        for some in in_batches(keys):
            held = {"keys": some, "held": fence}
            given = {**held, "status": status, "again": again, "error": error, "now": now} if status else held
            if connection.execute(_SETTLE if status else _HOLD, given).rowcount < len(some):
                lost |= set(some).difference(connection.scalars(select(messages.c.message_key).where(_HELD), held))
    return lost


def _record(run_id: str, row: dict[str, Any], now: float) -> dict[str, Any]:
    cost = row["cost_usd"]
    return {
        "run_id": run_id,
        "message_key": row["message_key"],
        "status": row["status"],
        "category": row["category"],
        "error_type": row["error_type"],
        "provider": row["provider"],
        "seconds": row["seconds"],
        "price_nusd": None if cost is None else nano_usd(Decimal(str(cost))),
        "processed_at": now,
        "row": to_json(row),
    }


def read_run(ledger_url: str, run_id: str) -> list[dict[str, Any]]:
    """All outcome rows of a run, in the order in which they were recorded."""
    wanted = select(outcomes.c.row).where(outcomes.c.run_id == run_id).order_by(outcomes.c.number)
    with open_ledger(ledger_url).begin() as connection:
        return list(connection.scalars(wanted))


def read_latest(ledger_url: str, key: str) -> dict[str, Any] | None:
    """The newest outcome of the mail whose key begins with `key`, or whose id is `key`; null when there is none."""
    # The range uses the index, which a LIKE pattern alone would not. Keys have no character after "z".
    beginning = outcomes.c.message_key.between(key, f"{key}z")
    by_key = and_(beginning, outcomes.c.message_key.startswith(key, autoescape=True))
    by_id = outcomes.c.row["id"].as_string() == key
    newest = select(outcomes.c.row).where(outcomes.c.status != "SKIPPED").order_by(outcomes.c.number.desc()).limit(1)
    with open_ledger(ledger_url).begin() as connection:
        return connection.scalar(newest.where(by_key)) or connection.scalar(newest.where(by_id))


def count_outcomes(engine: Engine, run_ids: Sequence[str]) -> dict[str, int]:
    """How many outcomes of each status these runs recorded."""
    wanted = select(outcomes.c.status, func.count()).where(outcomes.c.run_id.in_(run_ids)).group_by(outcomes.c.status)
    with reading(engine) as connection:
        return {status: count for status, count in connection.execute(wanted)}
