"""The task runner is a setting: the same flow runs on a Dask or Ray cluster, with chunks in other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tasks.ledger.outcomes import read_run
from tests.benchmarks.faulty_proxy import Moods, faulty_proxy
from tests.benchmarks.made_mails import write_mbox

ROOT = Path(__file__).resolve().parents[2]
MAILS = 12


pytestmark = pytest.mark.soak


@pytest.fixture(params=["dask", "ray"])
def run_on_cluster(request, prefect_server, ledger_url, tmp_path):
    """Runs the flow with these variables and gives the name of its last state, and its rows."""
    pytest.importorskip(f"prefect_{request.param}", reason=f"the extra `{request.param}` is not installed")
    write_mbox(tmp_path / "mails.mbox", MAILS, 1)

    def run(variables, meanwhile=lambda process: None):
        environment = {
            **os.environ, **variables, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "PREFECT_HOME": str(tmp_path / "prefect"), "MAILROOM_LEDGER_URL": ledger_url,
            "MAILROOM_TASK_RUNNER": request.param, "MAILROOM_CHUNK_WORKERS": "2", "MAILROOM_CHUNK_ROWS": "4",
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.flows.one_run", "mails.mbox"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                meanwhile(process)
                said, _nothing = process.communicate(timeout=240)
            finally:
                process.kill()
        if process.returncode:
            return said, []
        runner, run_id, state = said.splitlines()[-1].split()
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


def test_a_signal_stops_the_chunks_of_the_cluster_and_the_next_run_goes_on(run_on_cluster, simulator):
    told_at: list[float] = []
    with faulty_proxy(simulator.url, Moods(latency_s=3.0)) as far:
        slow = simulator.environment | {"OPENAI_BASE_URL": f"{far.url}/v1", "MAILROOM_CONCURRENCY": "1"}

        def stop(process):
            far.wait_for(2)
            told_at.append(time.time())
            process.send_signal(signal.SIGTERM)

        said, _rows = run_on_cluster(slow, stop)
        assert "Start it again to go on" in said
        asked = len(far.begun)
        time.sleep(8)
        # A process of the cluster looks for a stop every second.
        assert sum(moment > told_at[0] + 3 for moment in far.begun) == 0, (told_at, far.begun)
        assert len(far.begun) == asked
        far.moods = Moods()
        state, rows = run_on_cluster(slow)
        assert (state, len(rows)) == ("Completed", MAILS)
