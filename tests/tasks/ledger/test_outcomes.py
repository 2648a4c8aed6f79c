"""Settling records an outcome a mail, and leaves alone what another run has claimed meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from tasks.ledger.claims import claim
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.outcomes import count_outcomes, read_run, settle
from tasks.ledger.owners import owner_name
from tasks.ledger.schema import messages


@pytest.fixture
def ledger(any_ledger_url: str) -> Engine:
    return open_ledger(any_ledger_url)


def key(name: str) -> str:
    return name.ljust(64, ".")


RUN, OTHER = owner_name("run"), owner_name("other")


def claimed(ledger: Engine, *names: str, owner: str = RUN, again: bool = False) -> dict[str, int]:
    keys = [key(name) for name in names]
    record_seen(ledger, [Seen(message_key=one, source="s", place=one, source_id=one, raw=b"x") for one in keys])
    claims = claim(ledger, keys, owner=owner, lease_s=60, again=again)
    return {one: got.fence for one, got in claims.items()}


def outcome(name: str, status: str = "COMPLETED", **more: Any) -> dict[str, Any]:
    return {
        "message_key": key(name), "status": status, "category": None, "error_type": None, "provider": "openai",
        "seconds": 0.5, "cost_usd": 0.25, **more,
    }  # fmt: skip


def states(ledger: Engine) -> dict[str, tuple[Any, ...]]:
    with ledger.begin() as connection:
        rows = connection.execute(select(messages)).all()
    return {row.message_key.rstrip("."): (row.state, row.retry, row.error_type, row.owner) for row in rows}


def test_each_mail_gets_the_state_its_outcome_says(ledger):
    fences = claimed(ledger, "done", "bad", "again", "left", "batch", "skip")
    rows = [
        outcome("done"), outcome("bad", "FAILED", error_type="VALIDATION_ERROR"),
        outcome("again", "FAILED", error_type="RATE_LIMIT"), outcome("left", "PENDING"),
        outcome("batch", "PROCESSING"), outcome("skip", "SKIPPED"), outcome("another's", "SKIPPED"),
    ]  # fmt: skip

    assert settle(ledger, "run", rows, {key("again")}, fences) == len(rows)

    assert states(ledger) == {
        "done": ("COMPLETED", False, None, ""),
        "bad": ("FAILED", False, "VALIDATION_ERROR", ""),
        "again": ("FAILED", True, "RATE_LIMIT", ""),
        "left": ("PENDING", False, None, ""),
        "batch": ("PROCESSING", False, None, RUN),
        "skip": ("PROCESSING", False, None, RUN),
    }
    assert [row["message_key"] for row in read_run(str(ledger.url.render_as_string(hide_password=False)), "run")] == [
        row["message_key"] for row in rows
    ]


@pytest.mark.parametrize("status", ["COMPLETED", "PROCESSING"])
def test_a_mail_that_another_run_claimed_meanwhile_is_left_to_it(ledger, status):
    fences = claimed(ledger, *(f"mail {n}" for n in range(700)))
    lost = [f"mail {n}" for n in range(0, 700, 100)]
    assert settle(ledger, "run", [outcome(name) for name in lost], set(), fences) == len(lost)
    assert len(claimed(ledger, *lost, owner=OTHER, again=True)) == len(lost)

    assert settle(ledger, "run", [outcome(f"mail {n}", status) for n in range(700)], set(), fences) == 700 - len(lost)

    found = states(ledger)
    assert {found[name] for name in lost} == {("PROCESSING", False, None, OTHER)}
    assert count_outcomes(ledger, ["run"]).get("COMPLETED") == (700 if status == "COMPLETED" else len(lost))


def test_a_mail_that_stands_twice_is_settled_once_and_told_twice(ledger):
    fences = claimed(ledger, "a")
    rows = [outcome("a"), outcome("a", "SKIPPED"), outcome("a")]
    assert settle(ledger, "run", rows, set(), fences) == 3
    assert states(ledger) == {"a": ("COMPLETED", False, None, "")}
