"""Processes that share one recorded source, one of them killed; for a test, and for `make bench-shares`.

As a program it is their parent, and they take shares by `process-share`.
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
from contextlib import contextmanager, suppress
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
from tests.deployments.worker.living import children_of

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
        held = _kill_one_at_work(engine, workers)
        assert workers.wait(_PATIENCE_S) == 0, (folder / "log").read_text()[-3_000:]
    # As `process-large` does for what dead runs have left.
    while waiting_in(engine, source.name, until=told["until"]):
        with _processes(folder, environment, told, 1) as left_over:
            assert left_over.wait(_PATIENCE_S) == 0, (folder / "log").read_text()[-3_000:]
    return _judged(engine, mails, held, answered(), time.time() - (folder / "began").stat().st_mtime)


@contextmanager
def _processes(
    folder: Path, environment: Mapping[str, str], told: dict[str, Any], count: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The parent of so many processes at work; it ends well when all have but those that were killed."""
    command = [sys.executable, "-m", "tests.flows.sharing", str(count), json.dumps(told)]
    everything = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("ab") as log:
        parent = subprocess.Popen(command, cwd=folder, env=everything, stdout=log, stderr=log)
    try:
        yield parent
    finally:
        for one in [*children_of(parent.pid), parent.pid]:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        parent.wait()


def _kill_one_at_work(engine: Engine, parent: subprocess.Popen[bytes]) -> int:
    """How many mails the killed process held: the first seen waiting for answers, others settled."""
    while parent.poll() is None:
        with reading(engine) as connection:
            claimed = select(messages.c.owner, func.count()).where(messages.c.state == "PROCESSING")
            holders = connection.execute(claimed.group_by(messages.c.owner)).all()
            settled = set(connection.scalars(select(outcomes.c.run_id).distinct()))
            asking = select(completions.c.run_id).where(completions.c.state == "begun")
            amid = settled.intersection(connection.scalars(asking.distinct()))
        for owner, held in holders:
            _host, pid, _started, run = owner.split("|", 3)
            if run in amid and int(pid) in children_of(parent.pid):
                os.kill(int(pid), signal.SIGKILL)
                return int(held)
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


def main(count: int, told: dict[str, Any]) -> int:
    """Fork so many processes that take shares until none is left, after the imports that take seconds."""
    import openai  # noqa: F401

    import flows.process_share  # noqa: F401

    if not Path("began").exists():
        Path("began").touch()
    children = []
    for _ in range(count):
        children.append(os.fork())
        if not children[-1]:
            _take_shares(told)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return int(any(code not in (0, -signal.SIGKILL) for code in codes))


def _take_shares(told: dict[str, Any]) -> None:
    code = 1
    try:
        from flows.process_share import process_share

        code = 0 if process_share(**told, return_state=True).is_completed() else 1
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), json.loads(sys.argv[2])))
