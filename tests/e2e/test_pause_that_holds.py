"""A deployed run waits for a person longer than Prefect's leases last, and then performs what was approved."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from deployments.demo.steps import pause_schedules
from deployments.local import processes, server
from deployments.local.prefect_env import own_environment
from deployments.local.worker import NAME as WORKER
from deployments.local.worker import ensure_worker
from tests.e2e.operator_ui import register_everything
from tests.flows.paused import PausedRun
from tests.tasks.act.office import Office, files_in

pytestmark = pytest.mark.soak
LEASE_S = 30
DRAFT = {"action": "draft_reply", "hold": True}


@pytest.fixture
def deployed(tmp_path, monkeypatch):
    """Everything of prefect.yaml on a server whose leases are short, and a worker."""
    monkeypatch.setenv("MAILROOM_DATA_DIR", str(tmp_path / "data"))
    port = processes.free_port(14_200)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    api_url = f"http://127.0.0.1:{port}/api"
    env = {
        **own_environment(tmp_path, api_url),
        "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": str(LEASE_S),
    }
    processes.spawn(server.NAME, command, tmp_path, env, {"api_url": api_url})
    try:
        assert server.ensure_server(tmp_path).api_url == api_url
        with temporary_settings({PREFECT_API_URL: api_url, PREFECT_HOME: tmp_path / "prefect"}):
            register_everything(api_url)
            asyncio.run(pause_schedules())
            ensure_worker(tmp_path, api_url, "mailroom")
            yield api_url
    finally:
        for name in (WORKER, server.NAME):
            processes.end(tmp_path, name)


def test_the_mornings_run_holds_its_pause_past_every_lease(deployed, tmp_path):
    office = Office(f"sqlite:///{tmp_path / 'data' / 'ledger.db'}")
    office.receive()
    office.act(DRAFT)
    run = run_deployment("approve-replies/approve-replies-mornings", timeout=0)

    paused = run_when(run.id, lambda state: state.is_paused())
    until = time.monotonic() + 3 * LEASE_S
    while time.monotonic() < until:  # what is shown is that nothing happens, so there is nothing to wait for
        assert run_when(run.id, lambda _state: True).state.is_paused()
        time.sleep(5)

    assert PausedRun.decide(paused, {"decision": "approve"}) == "ACCEPT"
    ended = run_when(run.id, lambda state: state.is_final()).state
    assert ended.name == "Completed", ended.message
    assert len(files_in(tmp_path / "data" / "drafts")) == 1


def run_when(run_id, wanted):
    """The run, once its state is as wanted; a state that it can't leave ends the waiting."""
    with get_client(sync_client=True) as client:
        for _ in range(600):
            run = client.read_flow_run(run_id)
            if run.state and wanted(run.state):
                return run
            assert not (run.state and run.state.is_final()), run.state
            time.sleep(0.2)
    raise AssertionError("the run did not come so far")
