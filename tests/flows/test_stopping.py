"""A stopped run sends no more requests, and the next run pays for nothing twice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling

from flows.process_mail import process_mail
from flows.run import stopping
from tests.benchmarks.faulty_proxy import FaultyProxy, Moods, faulty_proxy

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "deployments" / "demo" / "sample_mailbox"
COMMAND = ["-c", "from deployments.cli.main import main; main()", "run", str(SAMPLES)]
IN_FLIGHT = 6


@pytest.fixture
def far(prefect_server: str, provider_env: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A provider that takes its time to answer, and few calls in flight."""
    with faulty_proxy(provider_env.url, Moods(latency_s=2.0)) as proxy:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{proxy.url}/v1")
        monkeypatch.setenv("MAILROOM_CONCURRENCY", str(IN_FLIGHT))
        yield proxy


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def stopped_in_the_middle(far: FaultyProxy, number: int, *arguments: str) -> tuple[int, str]:
    """The exit code and the last words of a run that gets a signal while its second calls are in flight."""
    process = start(*arguments)
    far.wait_for(2 * IN_FLIGHT)
    told_at = time.time()
    os.killpg(process.pid, number)  # as Prefect and terminals send it: to whatever processes the run has
    _out, errors = process.communicate(timeout=60)
    assert sum(moment > told_at for moment in far.begun) == 0
    return process.returncode, errors


def finish(far: FaultyProxy) -> None:
    """Run to the end; what was asked before is not asked again."""
    far.moods = Moods()
    process = start(*COMMAND)
    out, errors = process.communicate(timeout=120)
    assert "29 completed, 1 failed" in " ".join(out.split()), (out, errors)
    assert set(far.made.values()) == {1}
    assert len(far.made) == len(far.begun)


@pytest.mark.parametrize("runner", ["threads", "processes"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.soak)]
)
def test_a_signal_ends_mailroom_run_in_order_and_the_next_one_goes_on(far, number, code, runner, monkeypatch):
    monkeypatch.setenv("MAILROOM_TASK_RUNNER", runner)
    monkeypatch.setenv("MAILROOM_CHUNK_ROWS", "10")
    returned, errors = stopped_in_the_middle(far, number, *COMMAND)
    assert returned == code
    assert "To go on: mailroom run" in errors.splitlines()[-1], errors
    finish(far)


@pytest.mark.soak
def test_a_signal_ends_a_run_without_the_command_line_as_well(far):
    returned, errors = stopped_in_the_middle(far, signal.SIGTERM, "-m", "tests.flows.one_run", str(SAMPLES))
    assert returned == -signal.SIGTERM
    assert "Start it again to go on" in errors


def test_a_run_that_is_cancelled_in_the_ui_ends_in_order(far):
    cancelled_at: list[float] = []

    def cancel() -> None:
        far.wait_for(2 * IN_FLIGHT)
        with get_client(sync_client=True) as client:
            running = FlowRunFilter(state={"type": {"any_": [StateType.RUNNING]}})
            for run in client.read_flow_runs(flow_run_filter=running):
                client.set_flow_run_state(run.id, Cancelling(), force=True)
        cancelled_at.append(time.time())

    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(copy_context().run, cancel)
        state = process_mail(str(SAMPLES), return_state=True)
        done.result()

    assert (state.name, state.is_cancelled()) == ("Stopped", True)
    assert "it was cancelled in Prefect's UI. Start it again to go on" in state.message
    assert sum(moment > cancelled_at[0] + 5 for moment in far.begun) == 0
    assert len(far.begun) < len(list(SAMPLES.iterdir()))


def test_a_server_that_hangs_does_not_keep_a_run_that_was_told_to_end(monkeypatch):
    monkeypatch.setattr(stopping, "_ANSWER_S", 0.5)
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", str(uuid4()))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: address}):
            began = time.monotonic()
            assert not stopping._is_cancelled()
    assert time.monotonic() - began < 30, "Prefect's client asks a server that hangs for minutes"
