"""`make bench-reports`: how long reports take over a ledger of 50,000 mails and 100,000 calls. Goal: 2 s each.

python -m tests.benchmarks.bench_reports --mails 50000
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, func, select

from tests.benchmarks.full_ledger import DAYS, fill, key_of
from tests.benchmarks.processes_watched import machine

AIM_S = 2.0


def main() -> None:
    """Run the benchmark and print a table and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=50_000, help="mails in the ledger; calls are about twice as many")
    mails = parser.parse_args().mails
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"MAILROOM_DATA_DIR": home, "MAILROOM_LEDGER_URL": f"sqlite:///{home}/ledger.db"}
        engine = _filled(mails)
        seconds = {name: _time(report) for name, report in _reports(engine, mails).items()}
        calls = _count_calls(engine)
    table = Table(title=f"Reports over {mails:,} mails and {calls:,} calls")
    for head in ("report", "seconds"):
        table.add_column(head)
    table.add_column("wanted")
    for name, value in seconds.items():
        table.add_row(name, f"{value:.2f}", f"≤ {AIM_S:g}")
    Console(width=100).print(table)
    print(json.dumps({"mails": mails, "calls": calls, "seconds": seconds, "machine": machine()}))


def _filled(mails: int) -> Engine:
    from tasks.ledger.engine import open_ledger

    engine = open_ledger(os.environ["MAILROOM_LEDGER_URL"])
    fill(engine, mails)
    return engine


def _count_calls(engine: Engine) -> int:
    from tasks.ledger.schema import completions

    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(completions)) or 0


def _time(report: Callable[[], Any]) -> float:
    began = time.perf_counter()
    with redirect_stdout(io.StringIO()):
        report()
    return round(time.perf_counter() - began, 3)


def _reports(engine: Engine, mails: int) -> dict[str, Callable[[], Any]]:
    from deployments.cli.costs import costs
    from deployments.cli.show import show
    from deployments.metrics.collector import LedgerCollector
    from tasks.categories import DEFAULT_CATEGORIES
    from tasks.ledger.cost_book import DIMENSIONS, cost_book
    from tasks.ledger.daily_outcomes import outcomes_since
    from tasks.ledger.past_usage import past_outputs, past_usage
    from tasks.report.costs import costs_text
    from tasks.report.digest import digest_frame, digest_text

    day = datetime.now(UTC).date() - timedelta(days=2)
    since = time.time() - 14 * 86_400

    def digest() -> None:
        digest_text(digest_frame(outcomes_since(engine, since)), day, DEFAULT_CATEGORIES, {}, 0)
        costs_text(engine, since=since)

    return {
        **{f"costs by {name}": lambda name=name: cost_book(engine, name) for name in DIMENSIONS},  # type: ignore[misc]
        "mailroom costs": lambda: costs(days=DAYS + 2),
        "digest": digest,
        "metrics": lambda: list(LedgerCollector(str(engine.url), Path(os.environ["MAILROOM_DATA_DIR"]), 0).collect()),
        "estimate: past calls": lambda: (past_usage(engine, "openai"), past_outputs(engine)),
        "show, oldest by key": lambda: show(key_of(1)[:12]),
        "show, oldest by id": lambda: show("1"),
    }


if __name__ == "__main__":
    main()
