"""Processes that share one recorded source, one of them killed; for a test, and for `make bench-shares`.

As a program it is one of them: it takes shares by `process-share` once the file `go` is there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from tasks.ingest.shares import record_source
from tasks.ledger.claims import waiting_in
from tasks.ledger.clocks import ledger_time
from tasks.ledger.engine import open_ledger, reading
from tasks.ledger.schema import completions, messages, outcomes
from tasks.mailbox.sources import open_source
from tasks.settings import Settings
from tests.benchmarks.made_mails import write_mbox

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 3
_PATIENCE_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What became of the mails."""

    completed: int
    lost: int
    doubled: int
    held_when_killed: int
    """Mails that the killed process had claimed."""
    answered: int
    answers_asked_again: int
    paid_and_lost: int
    """Answers the provider gave that are not in the book."""
    unfinished_calls: int
    """Intents of the killed process that nobody could finish: no more than these can be paid and lost."""
    runs: int
    """Runs that completed any."""
    seconds: float


def share(
    folder: Path, ledger_url: str, environment: Mapping[str, str], answered: Callable[[], int], mails: int
) -> Shared:
    """Record made mails, let three processes share them, kill one amid its work, and judge the ledger.

    `answered` is how many calls the provider has answered.
    """
    engine, settings = open_ledger(ledger_url), Settings(ledger_url=ledger_url)
    write_mbox(folder / "mails.mbox", mails, 1)
    source = open_source(str(folder / "mails.mbox"))
    assert record_source(source, engine, settings) == mails
    told = {"source_name": source.name, "until": ledger_time(engine), "part_of": "shared"}
    environment = {
        **environment, "MAILROOM_LEDGER_URL": ledger_url, "MAILROOM_DATA_DIR": str(folder / "data"),
        "PREFECT_HOME": str(folder / "prefect"),  # or chunks would be found in its cache from another time
    }  # fmt: skip
    with _processes(folder, environment, told, WORKERS) as workers:
        began = time.monotonic()
        (folder / "go").touch()
        victim, held = _kill_one_at_work(engine, workers)
        for one in workers:
            assert one is victim or one.wait(_PATIENCE_S) == 0, (folder / "log").read_text()[-3_000:]
    # As `process-large` does for what dead runs have left.
    while waiting_in(engine, source.name, until=told["until"]):
        with _processes(folder, environment, told, 1) as (one,):
            assert one.wait(_PATIENCE_S) == 0, (folder / "log").read_text()[-3_000:]
    return _judged(engine, mails, held, answered(), time.monotonic() - began)


@contextmanager
def _processes(
    folder: Path, environment: Mapping[str, str], told: dict[str, Any], count: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "tests.flows.sharing", json.dumps(told)]
    everything = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("ab") as log:
        started = [subprocess.Popen(command, cwd=folder, env=everything, stdout=log, stderr=log) for _ in range(count)]
    try:
        for one in started:
            _wait_for(lambda one=one: (folder / f"ready-{one.pid}").exists() or one.poll() is not None)
        yield started
    finally:
        for one in started:
            one.kill()
            one.wait()


def _kill_one_at_work(engine: Engine, workers: list[subprocess.Popen[bytes]]) -> tuple[subprocess.Popen[bytes], int]:
    """The process that was killed, and how many mails it held: the first seen waiting for answers, others settled."""
    by_pid = {str(one.pid): one for one in workers}
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and any(one.poll() is None for one in workers):
        with reading(engine) as connection:
            claimed = select(messages.c.owner, func.count()).where(messages.c.state == "PROCESSING")
            holders = connection.execute(claimed.group_by(messages.c.owner)).all()
            settled = set(connection.scalars(select(outcomes.c.run_id).distinct()))
            asking = select(completions.c.run_id).where(completions.c.state == "begun")
            amid = settled.intersection(connection.scalars(asking.distinct()))
        for owner, held in holders:
            _host, pid, _started, run = owner.split("|", 3)
            if run in amid:
                by_pid[pid].send_signal(signal.SIGKILL)
                by_pid[pid].wait()
                return by_pid[pid], held
        time.sleep(0.01)
    raise AssertionError("No process was seen at work; the log of all stands beside the mails.")


def _judged(engine: Engine, mails: int, held: int, answered: int, seconds: float) -> Shared:
    with reading(engine) as connection:
        done = select(outcomes.c.message_key, outcomes.c.run_id).where(outcomes.c.status == "COMPLETED")
        rows = connection.execute(done).all()
        keys = connection.scalars(select(completions.c.key).where(completions.c.state == "done"))
        answers = Counter(keys)
        unfinished = connection.scalar(select(func.count()).where(completions.c.state == "begun")) or 0
    outcome_of = Counter(key for key, _ in rows)
    return Shared(
        completed=len(outcome_of),
        lost=mails - len(outcome_of),
        doubled=outcome_of.total() - len(outcome_of),
        held_when_killed=held,
        answered=answered,
        answers_asked_again=answers.total() - len(answers),
        paid_and_lost=answered - answers.total(),
        unfinished_calls=unfinished,
        runs=len({run for _, run in rows}),
        seconds=round(seconds, 1),
    )


def _wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def main() -> None:
    """Take shares until none is left."""
    from flows.process_share import process_share

    Path(f"ready-{os.getpid()}").touch()
    _wait_for(Path("go").exists)
    state = process_share(**json.loads(sys.argv[1]), return_state=True)
    sys.exit(0 if state.is_completed() else f"{state.name}: {state.message}")


if __name__ == "__main__":
    main()
