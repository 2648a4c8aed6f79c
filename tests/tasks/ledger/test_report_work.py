"""The database's work for a report grows with the ledger's rows, never with calls times mails."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from deployments.metrics.collector import LedgerCollector
from tasks.ledger.cost_book import DIMENSIONS, cost_book
from tasks.ledger.daily_outcomes import outcomes_since
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import read_latest
from tasks.ledger.past_usage import past_outputs, past_usage
from tests.benchmarks.full_ledger import fill, key_of

FEW, MANY = 250, 1_000

REPORTS: dict[str, Callable[[Engine], Any]] = {
    **{f"costs by {name}": lambda engine, name=name: cost_book(engine, name) for name in DIMENSIONS},  # type: ignore[misc]
    "digest": lambda engine: outcomes_since(engine, 0),
    "metrics": lambda engine: list(LedgerCollector(str(engine.url), Path("nowhere"), 0).collect()),
    "estimate": lambda engine: (past_usage(engine, "openai"), past_outputs(engine)),
}


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory) -> tuple[Engine, Engine]:
    """A small and a large ledger."""
    found = []
    for mails in (FEW, MANY):
        engine = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db")
        fill(engine, mails)
        found.append(engine)
    return found[0], found[1]


def steps(engine: Engine, report: Callable[[Engine], Any]) -> int:
    """Hundreds of instructions that SQLite carried out for the report."""
    count = 0

    def note() -> int:
        nonlocal count
        count += 1
        return 0

    def watch(connection: sqlite3.Connection, *_: Any) -> None:
        connection.set_progress_handler(note, 100)

    event.listen(engine, "checkout", watch)
    try:
        with redirect_stdout(io.StringIO()):
            assert report(engine)
    finally:
        event.remove(engine, "checkout", watch)
    return count


@pytest.mark.parametrize("name", REPORTS)
def test_four_times_the_mails_are_about_four_times_the_work(ledgers, name):
    few, many = (steps(engine, REPORTS[name]) for engine in ledgers)
    assert few > 10, "nothing was measured"
    assert many / few < 1.5 * MANY / FEW


def test_a_mail_named_by_the_beginning_of_its_key_is_looked_up(ledgers):
    few, many = (steps(engine, lambda engine: read_latest(str(engine.url), key_of(1)[:12])) for engine in ledgers)
    assert many <= few + 1
