"""A ledger as it is after months of work, written in bulk.

Every mail is triaged alone or in a group of five. Most are analysed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert

from tasks.categories import DEFAULT_CATEGORIES
from tasks.ledger.schema import completions, effects, groups, messages, outcomes, runs
from tests.made_rows import outcome_row

DAYS = 29
RUNS = 200
GROUP = 5
_CATEGORIES = DEFAULT_CATEGORIES.names
_AT_A_TIME = 5_000


def fill(engine: Engine, mails: int) -> None:
    """Write so many mails, their outcomes and effects, and about twice as many calls; half of the mails in groups."""
    begun = time.time() - DAYS * 86_400
    with engine.begin() as connection:
        _write(connection, runs, (_run(number, begun) for number in range(RUNS)))
        _write(connection, messages, (_mail(number) for number in range(mails)))
        _write(connection, outcomes, (_outcome(number, mails, begun) for number in range(mails)))
        _write(connection, effects, (_effect(number) for number in range(0, mails, 2)))
        _write(connection, groups, (row for first in range(0, mails // 2, GROUP) for row in _group(first)))
        _write(connection, completions, _calls(mails, begun))


def key_of(number: int) -> str:
    """The key of a mail."""
    return sha256(f"mail {number}".encode()).hexdigest()


def _write(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_A_TIME:
            connection.execute(insert(table), some)
            some = []
    if some:
        connection.execute(insert(table), some)


def _run(number: int, begun: float) -> dict[str, Any]:
    deployment = f"process-mail/{('hourly', 'nightly', '')[number % 3]}"
    return {"run_id": f"run-{number}", "flow": "process-mail", "deployment": deployment, "started_at": begun}


def _mail(number: int) -> dict[str, Any]:
    state = "FAILED" if number % 50 == 0 else "COMPLETED"
    return {"message_key": key_of(number), "state": state, "first_seen": 0.0, "updated": 0.0}


def _outcome(number: int, mails: int, begun: float) -> dict[str, Any]:
    failed = number % 50 == 0
    facts = {
        "status": "FAILED" if failed else "COMPLETED",
        "category": None if failed else _CATEGORIES[number % len(_CATEGORIES)],
        "error_type": "RATE_LIMIT" if failed else None,
    }
    row = outcome_row(
        message_key=key_of(number), id=str(number), subject=f"Question {number} about an order", text="word " * 120
    )
    return facts | {
        "run_id": f"run-{number % RUNS}", "message_key": key_of(number), "provider": "openai", "seconds": 2.5,
        "price_nusd": 120_000, "processed_at": begun + number / mails * DAYS * 86_400, "row": row | {"cached_calls": 0},
    }  # fmt: skip


def _effect(number: int) -> dict[str, Any]:
    return {
        "effect_id": key_of(number), "message_key": key_of(number), "run_id": f"run-{number % RUNS}", "position": 0,
        "action": "draft_reply", "parameters": {}, "rule": "reply", "target": "drafts", "content": {"text": "Thanks"},
        "content_hash": "", "state": "held" if number % 500 == 0 else "done", "planned_at": 0.0, "updated": time.time(),
    }  # fmt: skip


def _group(first: int) -> Iterator[dict[str, Any]]:
    for position in range(GROUP):
        yield {
            "group_key": _group_key(first),
            "position": position,
            "message_key": key_of(first + position),
            "size": GROUP,
        }


def _group_key(first: int) -> str:
    return sha256(f"group {first}".encode()).hexdigest()


def _calls(mails: int, begun: float) -> Iterator[dict[str, Any]]:
    """Half of the mails triaged in groups, the others alone and twice; all analysed."""
    grouped = mails // 2
    asked = [(number, _group_key(number), "triage_together") for number in range(0, grouped, GROUP)]
    asked += [(number, key_of(number), "triage") for number in range(grouped, mails)]
    asked += [(number, key_of(number), "analysis") for number in range(mails)]
    asked += [(number, key_of(number), "analysis") for number in range(grouped, mails, 2)]
    for call, (number, key, question) in enumerate(asked):
        ended = begun + number / mails * DAYS * 86_400
        yield {
            "call": call + 1, "key": sha256(f"{key}{question}{call}".encode()).hexdigest(),
            "state": "failed" if call % 40 == 0 else "done", "error_code": "RATE_LIMIT" if call % 40 == 0 else None,
            "run_id": f"run-{number % RUNS}", "message_key": key, "question": question, "provider": "openai",
            "model": ("gpt-6-luna", "gpt-6-sol")[question == "analysis"], "key_index": 0, "answer": "{}" * 200,
            "simulated": False, "input_tokens": 900, "output_tokens": 120, "cache_read_tokens": 300,
            "price_nusd": 60_000, "begun_at": ended - 2, "ended_at": ended,
        }  # fmt: skip
