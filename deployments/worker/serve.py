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
from types import FrameType

from deployments.worker.told_runs import LivingRuns

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
    living = LivingRuns()
    command = [sys.executable, "-m", "deployments.worker.process", living.option, "worker", "start", *options]
    # A session of its own: Ctrl-C in a terminal would reach the runs and the worker before us.
    worker = subprocess.Popen(command, env=dict(environment), pass_fds=[living.tells], start_new_session=True)
    living.begun()
    while worker.poll() is None and not told.wait(_LOOK_EVERY_S):
        living.now()  # so that the pipe is never full
    if worker.poll() is None:
        _end_runs(living, grace_s)
        _end(worker)
    return worker.returncode if not told.is_set() else 0


def _end_runs(living: LivingRuns, grace_s: float) -> None:
    """Send SIGTERM to each run, including those that begin meanwhile, and wait until all have ended."""
    told: set[int] = set()
    deadline = time.monotonic() + grace_s
    while (runs := living.now()) and time.monotonic() < deadline:
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
