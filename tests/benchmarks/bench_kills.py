"""`make bench-kills`: runs over 500 mails, killed by SIGKILL at random moments and started again until they end.

Each round begins with an empty ledger and ends when a run is left alone to its end; rounds follow until so many kills
were made. Then every mail must have one COMPLETED outcome, and no answer that was in the book may have been asked for
again. Calls on their way at a kill are paid and lost with the process: they are counted apart, and bounded by what is
in flight.

    python -m tests.benchmarks.bench_kills --kills 200 --mails 500 --begun forked|processes|warm
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.killed_runs import ForkedRuns, RunsInProcesses, WarmlyBegun
from tests.benchmarks.made_mails import write_mbox
from tests.benchmarks.processes_watched import Simulated, client_environment, machine, prefect_server, simulator

_LATENCY_MS = 20
_IN_FLIGHT = 20
_LONGEST_S = 600.0


def main() -> None:
    """Run the rounds and print a table and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--begun", choices=("forked", "processes", "warm"), default="forked", help="how runs begin")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with prefect_server(home) as server, simulator("--latency-ms", str(_LATENCY_MS)) as simulated:
            os.environ.update(
                client_environment(
                    home, server, simulated, MAILROOM_CONCURRENCY=str(_IN_FLIGHT), MAILROOM_CHUNK_ROWS="25",
                    PREFECT_LOGGING_LEVEL="ERROR", OPENAI_RPM="100000", OPENAI_TPM="100000000",
                )
            )  # fmt: skip
            runs = _runs(wanted.begun, home)
            try:
                figures = _rounds(home, simulated, runs, wanted.kills, wanted.mails, random.Random(wanted.seed))
            finally:
                runs.end()
    table = Table("figure", "value", "wanted", title="Runs killed by SIGKILL")
    for name, goal in _GOALS.items():
        table.add_row(name, str(figures[name]), goal)
    Console().print(table)
    print(json.dumps({"begun": wanted.begun, **figures, **machine()}))


_GOALS = {
    "kills": "≥ 200", "rounds": "", "mails": "", "completed": "= mails", "lost": "0", "doubled": "0",
    "answers_asked_again": "0", "paid_and_lost": "≤ in flight at the kills",
}  # fmt: skip


Runs = ForkedRuns | WarmlyBegun


def _runs(begun: str, home: Path) -> Runs:
    if begun == "warm":
        return WarmlyBegun(home)
    if begun == "processes":
        os.environ.update(MAILROOM_TASK_RUNNER="processes", MAILROOM_CHUNK_WORKERS="2")
    # Children are forked, so that each begins where a started process would be after seconds of imports.
    import openai  # noqa: F401

    import flows.process_mail  # noqa: F401

    return RunsInProcesses() if begun == "processes" else ForkedRuns()


def _rounds(home: Path, simulated: Simulated, runs: Runs, kills: int, mails: int, rng: random.Random) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    latest_s = runs.share * _undisturbed_s(home, runs, mails)
    while totals["kills"] < kills:
        totals["rounds"] += 1
        folder = home / f"round-{totals['rounds']}"
        folder.mkdir()
        write_mbox(folder / "mails.mbox", mails, totals["rounds"])
        simulated.reset()
        totals["kills"] += _until_it_ends(folder, runs, rng, latest_s)
        totals.update(_judged(folder, simulated, mails))
        print(f"round {totals['rounds']}: {totals['kills']} kills so far", file=sys.stderr)
    names = ("kills", "rounds", "mails", "completed", "lost", "doubled", "answers_asked_again", "paid_and_lost")
    return {name: totals[name] for name in names}


def _undisturbed_s(home: Path, runs: Runs, mails: int) -> float:
    """How long a run takes that nobody kills."""
    folder = home / "undisturbed"
    folder.mkdir()
    write_mbox(folder / "mails.mbox", mails, 0)
    began = time.monotonic()
    runs.start(folder)
    assert runs.ended_within(_LONGEST_S)
    return time.monotonic() - began


def _until_it_ends(folder: Path, runs: Runs, rng: random.Random, latest_s: float) -> int:
    """How many kills it took until a run came to its end; each came at a random moment within `latest_s`."""
    began, over = time.monotonic(), True
    for kill in range(10_000):
        assert time.monotonic() - began < _LONGEST_S, "The runs do not come to an end."
        if over:
            runs.start(folder)
        if runs.ended_within(rng.uniform(0.0, latest_s)):
            return kill
        over = runs.kill(rng)
    raise AssertionError("unreachable")


def _judged(folder: Path, simulated: Simulated, mails: int) -> dict[str, int]:
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{folder / 'data' / 'ledger.db'}")
    with engine.connect() as connection:
        outcomes = Counter(connection.scalars(text("SELECT message_key FROM outcomes WHERE status = 'COMPLETED'")))
        answered = Counter(connection.scalars(text("SELECT key FROM completions WHERE state = 'done'")))
    engine.dispose()
    return {
        "mails": mails,
        "completed": len(outcomes),
        "lost": mails - len(outcomes),
        "doubled": sum(count - 1 for count in outcomes.values()),
        "answers_asked_again": sum(count - 1 for count in answered.values()),
        "paid_and_lost": simulated.stats()["total"]["answered"] - answered.total(),
    }


if __name__ == "__main__":
    main()
