"""The worker as a process.

Told to end, Prefect's worker kills its runs at once, and the mails they held wait for the end of their lease unless
the next run is on the same machine. So the runs are told first, which makes them give back what they hold, and the
worker after them. To be deleted when Prefect's worker waits for runs it has sent SIGTERM to.
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
    """Run `prefect worker start` with these options until it ends or this process is told to; its exit code."""
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
    """Tell each run to end, also one that began meanwhile, and wait until all have."""
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
        except OSError:  # it has ended meanwhile
            continue
        if fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[1]), int(fields[3])
    return found
