"""One row a mail a run; the latest that is not SKIPPED is the mail's state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, bindparam, func, insert, select, update

from tasks.ledger.completions import nano_usd
from tasks.ledger.engine import open_ledger, reading
from tasks.ledger.rows import write_rows
from tasks.ledger.schema import messages, outcomes


def settle(engine: Engine, run_id: str, rows: Sequence[dict[str, Any]], retry: set[str], fences: dict[str, int]) -> int:
    """How many outcomes were recorded; a mail whose claim was lost to another run meanwhile is left to that run.

    `rows` are outcome rows (`tasks.frames.Outcomes`); `retry` holds the keys another run should take up; `fences` the
    claims of this run. SKIPPED rows are recorded without changing the mail's state, and so are PROCESSING ones, whose
    mails wait for a batch.
    """
    now = time.time()
    with engine.begin() as connection:
        current = _fences(connection, list(fences))
        ours = [row for row in rows if row["message_key"] not in fences or _holds(row, fences, current)]
        settled = [row for row in ours if row["message_key"] in fences and row["status"] in _SETTLED]
        if settled:
            write_rows(connection, _SETTLE, [_settlement(row, fences, retry, now) for row in settled])
        if ours:
            write_rows(connection, _RECORD, [_record(run_id, row, now) for row in ours])
    return len(ours)


_RECORD = insert(outcomes)
_SETTLED = ("COMPLETED", "FAILED", "PENDING")
_SETTLE = (
    update(messages)
    .where(messages.c.message_key == bindparam("b_key"), messages.c.fence == bindparam("b_fence"))
    .values(owner="", lease_until=0.0)
)


def _holds(row: dict[str, Any], fences: dict[str, int], current: dict[str, int]) -> bool:
    return fences[row["message_key"]] == current.get(row["message_key"])


def _settlement(row: dict[str, Any], fences: dict[str, int], retry: set[str], now: float) -> dict[str, Any]:
    key = row["message_key"]
    return {
        "b_key": key,
        "b_fence": fences[key],
        "state": row["status"],
        "retry": key in retry,
        "error_type": row["error_type"],
        "updated": now,
    }


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
        "row": row,
    }


def _fences(connection: Any, keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), 500):
        wanted = select(messages.c.message_key, messages.c.fence).where(
            messages.c.message_key.in_(keys[start : start + 500])
        )
        if connection.dialect.name == "postgresql":
            wanted = wanted.with_for_update()
        found |= {key: fence for key, fence in connection.execute(wanted)}
    return found


def read_run(ledger_url: str, run_id: str) -> list[dict[str, Any]]:
    """All outcome rows of a run, in the order they were recorded."""
    wanted = select(outcomes.c.row).where(outcomes.c.run_id == run_id).order_by(outcomes.c.number)
    with open_ledger(ledger_url).begin() as connection:
        return list(connection.scalars(wanted))


def read_latest(ledger_url: str, key: str) -> dict[str, Any] | None:
    """The newest outcome of the mail whose key begins with `key`, or whose id is `key`; null when there is none."""
    by_key = outcomes.c.message_key.startswith(key, autoescape=True)
    by_id = outcomes.c.row["id"].as_string() == key
    newest = select(outcomes.c.row).where(outcomes.c.status != "SKIPPED").order_by(outcomes.c.number.desc()).limit(1)
    with open_ledger(ledger_url).begin() as connection:
        return connection.scalar(newest.where(by_key)) or connection.scalar(newest.where(by_id))


def count_outcomes(engine: Engine, run_ids: Sequence[str]) -> dict[str, int]:
    """How many outcomes of each status these runs recorded."""
    wanted = select(outcomes.c.status, func.count()).where(outcomes.c.run_id.in_(run_ids)).group_by(outcomes.c.status)
    with reading(engine) as connection:
        return {status: count for status, count in connection.execute(wanted)}
