"""Runs that a worker begins warm: each as if in a process of its own, whatever became of others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling

from deployments.worker.serve import children_of, runs_of

ROOT = Path(__file__).resolve().parents[3]
POOL = "warm"
PATIENCE_S = 120.0


class RunningWorker:
    """A worker, and the runs it is given."""

    def __init__(self, folder: Path, api_url: str) -> None:
        self.folder, self.api_url = folder, api_url
        self.log = folder / "log"
        environment = {
            **os.environ, "PREFECT_API_URL": api_url, "PREFECT_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT),
            "PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true", "OF_WORKER": "here",
            "PREFECT_LOCAL_STORAGE_PATH": str(folder / "results"),
        }  # fmt: skip
        with self.client() as client:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)
        command = [sys.executable, "-m", "deployments.worker.process", "worker", "start", "--pool", POOL]
        with self.log.open("wb") as log:
            self.worker = subprocess.Popen(
                [*command, "--type", "process"], cwd=folder, env=environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

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


@pytest.fixture(scope="module")
def office(_prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorker]:
    with temporary_settings({PREFECT_API_URL: _prefect_server}):
        office = RunningWorker(tmp_path_factory.mktemp("office"), _prefect_server)
        try:
            yield office
        finally:
            office.worker.terminate()
            office.worker.wait(30)


@pytest.fixture
def waiting(office: RunningWorker, prefect_server: str, tmp_path: Path) -> tuple[UUID, int]:
    """A run amid its work, and its process."""
    run = office.start(variables=[], until=str(tmp_path / "go"))
    file = tmp_path / "go.pid"
    return run, int(office.until(lambda: file.exists() and file.read_text()))


def test_each_run_has_its_own_process_variables_and_folder(office, prefect_server):
    told = ["MAILROOM_TOLD", "OF_WORKER", "PREFECT__FLOW_RUN_ID"]
    one, other = office.start(env={"MAILROOM_TOLD": "me"}, variables=told), office.start(variables=told)
    first, second = office.seen(one), office.seen(other)
    assert (first["warm"], second["warm"]) == (True, True)
    assert first["pid"] != second["pid"]
    assert first["variables"] == {"MAILROOM_TOLD": "me", "OF_WORKER": "here", "PREFECT__FLOW_RUN_ID": str(one)}
    assert second["variables"] == {"MAILROOM_TOLD": None, "OF_WORKER": "here", "PREFECT__FLOW_RUN_ID": str(other)}
    assert first["folder"] == second["folder"] == str(ROOT)
    assert first["work"] == second["work"] == [200**3 + 499_500.0] * 4


@pytest.mark.soak
def test_what_an_import_may_have_read_begins_in_a_new_process(office, prefect_server):
    seen = office.seen(office.start(env={"TZ": "Asia/Tokyo"}, variables=["TZ"]))
    assert (seen["warm"], seen["variables"]) == (False, {"TZ": "Asia/Tokyo"})


def test_a_run_that_is_killed_has_crashed_and_the_next_one_runs(office, waiting):
    run, process = waiting
    assert runs_of(office.worker.pid) == {process}
    os.kill(process, signal.SIGKILL)
    assert office.ended(run).is_crashed()
    assert office.seen(office.start(variables=[]))["warm"]


def test_a_run_that_is_cancelled_is_gone(office, waiting):
    run, process = waiting
    with office.client() as client:
        client.set_flow_run_state(run, Cancelling(), force=True)
    assert office.ended(run).is_cancelled()
    office.until(lambda: not Path(f"/proc/{process}").exists())


@pytest.mark.soak
def test_a_fork_server_that_is_killed_takes_its_runs_along_and_the_next_one_has_a_new_one(office, waiting):
    run, process = waiting
    for child in children_of(office.worker.pid):
        if b"forkserver" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(child, signal.SIGKILL)
    assert office.ended(run).is_crashed()
    office.until(lambda: not Path(f"/proc/{process}").exists())
    assert office.seen(office.start(variables=[]))["warm"]
