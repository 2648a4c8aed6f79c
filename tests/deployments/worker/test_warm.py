"""Runs that a worker begins warm: each as if in a process of its own, whatever became of others."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling

from tests.deployments.worker.living import children_of, runs_of
from tests.deployments.worker.running import ROOT, RunningWorker


@pytest.fixture(scope="module")
def office(_prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorker]:
    with temporary_settings({PREFECT_API_URL: _prefect_server}):
        office = RunningWorker(tmp_path_factory.mktemp("office"), _prefect_server)
        try:
            yield office
        finally:
            office.end()


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
