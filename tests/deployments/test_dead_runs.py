"""A run whose process was killed is marked as crashed by the automation that `mailroom register` makes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from deployments.kept_changes import TAG
from deployments.local.prefect_env import OF_EVERY_CLIENT, SILENCE_S
from deployments.register import register

ROOT = Path(__file__).resolve().parents[2]
FLOW = f"""
import time
from prefect import flow, runtime, tags

@flow
def hanging():
    print(runtime.flow_run.id, flush=True)
    time.sleep(600)

with tags("{TAG}"):
    hanging()
"""


async def _state_of(run_id: str) -> str:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        run = await client.read_flow_run(UUID(run_id))
    return run.state.type.value if run.state else ""


@pytest.mark.soak
def test_a_killed_run_is_marked_as_crashed_once_it_has_been_silent(prefect_server):
    asyncio.run(register(lambda _line: None))
    process = subprocess.Popen(
        [sys.executable, "-c", FLOW], env={**os.environ, **OF_EVERY_CLIENT}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    run_id = process.stdout.readline().strip()
    time.sleep(5)  # its first sign of life is on the way
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 2 * SILENCE_S
    while (state := asyncio.run(_state_of(run_id))) == "RUNNING" and time.monotonic() < deadline:
        time.sleep(2)
    assert state == "CRASHED"
