"""The worker as a process that ends its runs in order.

On SIGTERM, Prefect's worker kills its runs at once, and their mails then wait for the end of their leases unless the
next run is on the same machine. So this process first sends SIGTERM to the runs, which release their mails, and then
ends the worker. Delete this module when Prefect's worker waits for runs after SIGTERM.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

log = logging.getLogger("mailroom.worker")
_LOOK_EVERY_S = 0.2
_WORKER_GRACE_S = 15.0


def serve(options: Sequence[str], environment: Mapping[str, str], grace_s: float) -> int:
    """Run `prefect worker start` with these options until it ends or a signal arrives, and return its exit code."""
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    command = [sys.executable, "-m", "deployments.worker.process", "worker", "start", *options]
    # A session of its own: Ctrl-C in a terminal would reach the runs and the worker before us.
    worker = subprocess.Popen(command, env=dict(environment), start_new_session=True)
    while worker.poll() is None and not told.wait(_LOOK_EVERY_S):
        pass
    if worker.poll() is None:
        _end_runs(worker.pid, grace_s)
        _end(worker)
    return worker.returncode if not told.is_set() else 0


def _end_runs(worker: int, grace_s: float) -> None:
    """Send SIGTERM to each run, including those that begin meanwhile, and wait until all have ended."""
    told: set[int] = set()
    deadline = time.monotonic() + grace_s
    while (runs := runs_of(worker)) and time.monotonic() < deadline:
        for run in runs - told:
            with suppress(ProcessLookupError):
                os.kill(run, signal.SIGTERM)
        told |= runs
        time.sleep(_LOOK_EVERY_S)
    if runs:
        log.warning("%d runs did not end within %g s; their mails are free when their leases end.", len(runs), grace_s)


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(_WORKER_GRACE_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def runs_of(worker: int) -> set[int]:
    """The living runs of a worker: its children and those of its fork server that lead a session of their own."""
    living = _living()
    began_by = {worker, *(pid for pid, (parent, _) in living.items() if parent == worker)}
    return {pid for pid, (parent, session) in living.items() if parent in began_by and session == pid}


def children_of(pid: int) -> set[int]:
    """The living children of a process."""
    return {child for child, (parent, _) in _living().items() if parent == pid}


def _living() -> dict[int, tuple[int, int]]:
    """Parent and session of each living process; proc(5), fields 3 (state), 4 (parent) and 6 (session) of `stat`."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # the process has ended meanwhile
            continue
        if fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[1]), int(fields[3])
    return found
