"""A worker in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import State

ROOT = Path(__file__).resolve().parents[3]
POOL = "warm"
PATIENCE_S = 120.0
WORKER = (sys.executable, "-m", "deployments.worker.process", "worker", "start")


class RunningWorker:
    """A worker, and the runs it is given. `command` starts it, before the words that say which pool is its."""

    def __init__(self, folder: Path, api_url: str, command: Sequence[str] = WORKER) -> None:
        self.folder, self.api_url = folder, api_url
        self.log = folder / "log"
        environment = {
            **os.environ, "PREFECT_API_URL": api_url, "PREFECT_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT),
            "PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true", "OF_WORKER": "here",
            "PREFECT_LOCAL_STORAGE_PATH": str(folder / "results"),
        }  # fmt: skip
        with self.client() as client:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)
        with self.log.open("wb") as log:
            self.worker = subprocess.Popen(
                [*command, "--pool", POOL, "--type", "process"], cwd=folder, env=environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def end(self) -> None:
        """As `mailroom worker` ends one: it is told to, and killed where it does not."""
        self.worker.terminate()
        try:
            self.worker.wait(30)
        except subprocess.TimeoutExpired:
            warnings.warn(f"the worker did not end when told to: {self.log.read_text()[-3_000:]}", stacklevel=2)
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()

    def client(self) -> Any:
        return get_client(sync_client=True)

    def start(self, *, env: dict[str, str] | None = None, **parameters: Any) -> UUID:
        """A run of `look` whose deployment sets these variables."""
        with self.client() as client:
            deployment = client.create_deployment(
                client.create_flow_from_name("look"), f"look-{'-'.join(env or {})}", work_pool_name=POOL,
                entrypoint="tests/deployments/worker/looks.py:look", job_variables={"env": env or {}},
                pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
            )  # fmt: skip
            run: UUID = client.create_flow_run_from_deployment(deployment, parameters=parameters).id
        return run

    def ended(self, run: UUID) -> State[Any]:
        """The state the run ends in."""
        return self.until(lambda: state if (state := self.state(run)).is_final() else None)

    def state(self, run: UUID) -> State[Any]:
        with self.client() as client:
            state: State[Any] = client.read_flow_run(run).state
        return state

    def seen(self, run: UUID) -> dict[str, Any]:
        """What a run that completes tells."""
        state = self.ended(run)
        assert state.is_completed(), (state, self.log.read_text()[-3_000:])
        found: dict[str, Any] = state.result()
        return found

    def until(self, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := look()):
            assert time.monotonic() < deadline, self.log.read_text()[-3_000:]
            time.sleep(0.1)
        return found
