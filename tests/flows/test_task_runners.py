"""The task runner is a setting: the same flow runs on a Dask or Ray cluster, with chunks in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.ledger.outcomes import read_run
from tests.benchmarks.made_mails import write_mbox

ROOT = Path(__file__).resolve().parents[2]
MAILS = 12


pytestmark = pytest.mark.soak


@pytest.fixture(params=["dask", "ray"])
def run_on_cluster(request, prefect_server, ledger_url, tmp_path):
    """Runs the flow with these variables and gives the name of its last state, and its rows."""
    pytest.importorskip(f"prefect_{request.param}", reason=f"the extra `{request.param}` is not installed")
    write_mbox(tmp_path / "mails.mbox", MAILS, 1)

    def run(variables):
        environment = {
            **os.environ, **variables, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "PREFECT_HOME": str(tmp_path / "prefect"), "MAILROOM_LEDGER_URL": ledger_url,
            "MAILROOM_TASK_RUNNER": request.param, "MAILROOM_CHUNK_WORKERS": "2", "MAILROOM_CHUNK_ROWS": "4",
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.flows.one_run", "mails.mbox"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        runner, run_id, state = done.stdout.splitlines()[-1].split()
        assert runner == f"{request.param.capitalize()}TaskRunner"
        return state, read_run(ledger_url, run_id)

    return run


def test_the_flow_runs_on_a_cluster(run_on_cluster, simulator):
    state, rows = run_on_cluster(simulator.environment)
    assert state == "Completed"
    assert [row["status"] for row in rows] == ["COMPLETED"] * MAILS


def test_what_a_chunk_could_not_do_comes_back_from_the_cluster(run_on_cluster, picky_simulator):
    _, rows = run_on_cluster(picky_simulator.environment)
    assert [row["error_type"] for row in rows] == ["AUTH"] * MAILS
