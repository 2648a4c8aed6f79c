"""One run of `process-mail` over made mails, everything on; prints its figures as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.benchmarks.ledger_cpu import LedgerCpu
from tests.benchmarks.made_mails import write_mbox
from tests.benchmarks.processes_watched import tree_cpu_s, tree_mb

# Users have no extras unless they ask for them; where dask is there, pandera imports it, which takes 22 MB.
sys.modules["dask"] = None  # type: ignore[assignment]  # Python's own way to say that there is none

# Before the flow's own imports, so that they find the ledger's functions watched.
LEDGER = LedgerCpu()

from flows.process_mail import process_mail  # noqa: E402


def run(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The figures of one run, and of the run before it that found nothing to do."""
    os.environ["MAILROOM_DATA_DIR"] = str(folder / "data")
    peak = Peak()
    # The first run imports and opens whatever is imported and opened late; the second finds nothing to do.
    write_mbox(folder / "few.mbox", 2, config["seed"] + 1_000_000)
    flow_of(folder / "few.mbox", folder, 2)
    began, cpu = time.perf_counter(), cpu_s()
    _, ended = flow_of(folder / "few.mbox", folder, 2)
    fixed_s, fixed_cpu_s = ended - began, cpu_s() - cpu
    write_mbox(folder / "mails.mbox", config["mails"], config["seed"])
    reset(config["simulator"])
    server_cpu_s, began_at = tree_cpu_s(int(os.environ["BENCH_SERVER_PID"])), time.time()
    cpu, ledger, began = cpu_s(), LEDGER.seconds(), time.perf_counter()
    flow_run_id, ended = flow_of(folder / "mails.mbox", folder, config["mails"])
    return {
        "cpu_s": cpu_s() - cpu,
        "ledger_s": LEDGER.seconds() - ledger,
        "wall_s": ended - began,
        "fixed_s": fixed_s,
        "fixed_cpu_s": fixed_cpu_s,
        "peak_mb": peak.mb(),
        "flow_run_id": flow_run_id,
        "server_cpu_s": server_cpu_s,
        "began_at": began_at,
    }


def flow_of(source: Path, folder: Path, mails: int) -> tuple[str, float]:
    """Run the flow, hold it to one outcome a mail, and return its run's id and when its final state was on record.

    The call itself returns up to a second later: Prefect's heartbeat of a flow sleeps in steps of a second.
    """
    ended: list[float] = []
    watched = process_mail.with_options(on_completion=[lambda *_: ended.append(time.perf_counter())])
    state: Any = watched(source=str(source), output_dir=str(folder / "out"), return_state=True)
    if not state.is_completed():
        raise SystemExit(f"The flow ended as {state.name}: {state.message}")
    newest = max((folder / "out").glob("*/outcomes.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    found = sum(1 for _ in newest.open("rb"))
    if found != mails:
        raise SystemExit(f"{mails} mails went in and {found} outcomes came out.")
    return str(state.state_details.flow_run_id), ended[-1]


def reset(simulator: str) -> None:
    """Bring the simulator's counts to zero."""
    urllib.request.urlopen(urllib.request.Request(f"{simulator}/reset", method="POST")).close()


def cpu_s() -> float:
    """CPU seconds of this process and of those that it has or had."""
    return tree_cpu_s(os.getpid())


class Peak:
    """The most memory that this process and those that it has were seen to take together, in MB.

    What it takes alone at most, the system knows; of several, somebody must look.
    """

    def __init__(self) -> None:
        self._seen = 0.0
        if os.environ.get("MAILROOM_TASK_RUNNER") == "processes":
            threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self._seen = max(self._seen, tree_mb(os.getpid()))
            time.sleep(1)

    def mb(self) -> float:
        return self._seen or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        figures = run(json.loads(sys.argv[1]), Path(name))
    print(json.dumps(figures))
