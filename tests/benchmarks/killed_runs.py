"""Runs of `make bench-kills`, begun in three ways: forked, forked with processes of their own, and by a warm worker."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.benchmarks.processes_watched import ROOT, tree

_POOL = "killed"
_PATIENCE_S = 120.0


class ForkedRuns:
    """Each run is forked from this process, which has imported everything."""

    share = 0.5
    """Within what share of an undisturbed run one is killed."""

    def __init__(self) -> None:
        self._pid = 0

    def start(self, folder: Path) -> None:
        """Begin a run over the folder's mails."""
        self._pid = os.fork()
        if self._pid == 0:
            _run(folder)

    def kill(self, rng: random.Random) -> bool:
        """Kill the run; whether it is over."""
        del rng
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        return True

    def ended_within(self, seconds: float) -> bool:
        """Whether the run came to its end, which must be a good one."""
        return _within(seconds, self._ended)

    def _ended(self) -> bool:
        ended, status = os.waitpid(self._pid, os.WNOHANG)
        assert not ended or os.waitstatus_to_exitcode(status) == 0, "A run that nobody killed failed."
        return bool(ended)

    def end(self) -> None:
        """Nothing is left."""


class RunsInProcesses(ForkedRuns):
    """Each run has two processes of its own; half of the kills are of one of these, and the run goes on."""

    share = 1.0  # its processes are there after seconds

    def kill(self, rng: random.Random) -> bool:
        below = sorted(tree(self._pid) - {self._pid})
        chunks = [pid for pid in below if _parent(pid) != self._pid]  # the children of the fork server
        if chunks and rng.random() < 0.5:
            os.kill(rng.choice(chunks), signal.SIGKILL)
            return False
        return super().kill(rng)


class WarmlyBegun:
    """Each run is of a deployment, and forked by a worker from its fork server."""

    share = 0.7

    def __init__(self, home: Path) -> None:
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.actions import WorkPoolCreate

        self._client = get_client(sync_client=True)
        self._client.__enter__()
        self._client.create_work_pool(WorkPoolCreate(name=_POOL, type="process"), overwrite=True)
        self._flow = self._client.create_flow_from_name("process-mail")
        command = [sys.executable, "-m", "deployments.worker.process", "worker", "start", "--pool", _POOL]
        with (home / "worker.log").open("wb") as log:
            self._worker = subprocess.Popen(
                [*command, "--type", "process"], cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "PREFECT_WORKER_QUERY_SECONDS": "1"},
            )  # fmt: skip
        self._run = UUID(int=0)

    def start(self, folder: Path) -> None:
        """Begin a run over the folder's mails, and wait until it has its process."""
        own = {"MAILROOM_DATA_DIR": str(folder / "data"), "MAILROOM_OUTPUT_DIR": str(folder / "out")}
        deployment = self._client.create_deployment(
            self._flow, f"killed-{folder.name}", work_pool_name=_POOL, path=str(ROOT),
            entrypoint="flows/process_mail.py:process_mail",
            job_variables={"env": own},
        )  # fmt: skip
        parameters = {"source": str(folder / "mails.mbox")}
        self._run = self._client.create_flow_run_from_deployment(deployment, parameters=parameters).id
        assert _within(_PATIENCE_S, lambda: self._process() is not None or self._state().is_final())

    def kill(self, rng: random.Random) -> bool:
        """Kill the run's process, and wait until its worker has noticed."""
        del rng
        process = self._process()
        if process is not None:
            os.kill(process, signal.SIGKILL)
        assert _within(_PATIENCE_S, lambda: self._state().is_final())
        return True

    def ended_within(self, seconds: float) -> bool:
        """Whether the run came to its end, which must be a good one."""
        return _within(seconds, self._ended, every_s=0.1)

    def _ended(self) -> bool:
        state = self._state()
        assert not state.is_final() or state.is_completed(), f"A run that nobody killed ended as {state.name}."
        return bool(state.is_final())

    def _state(self) -> Any:
        return self._client.read_flow_run(self._run).state

    def _process(self) -> int | None:
        from tests.deployments.worker.living import runs_of

        return next(iter(runs_of(self._worker.pid)), None)

    def end(self) -> None:
        """End the worker."""
        self._worker.terminate()
        self._worker.wait(30)
        self._client.__exit__(None, None, None)


def _run(folder: Path) -> None:
    code = 1
    try:
        os.chdir(folder)
        os.environ["MAILROOM_DATA_DIR"] = str(folder / "data")
        from flows.process_mail import process_mail

        state: Any = process_mail(source=str(folder / "mails.mbox"), return_state=True)
        code = 0 if state.is_completed() else 1
    finally:
        os._exit(code)


def _within(seconds: float, holds: Callable[[], bool], every_s: float = 0.01) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(every_s)
    return False


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
