"""From the event to the run, on a real Prefect server: what `prefect.yaml` says is what happens."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from deployments.inbox.prefect_server import announce_mail, find_run, is_up
from deployments.register import register
from tasks.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[3]
DEPLOYMENT = "process-mail/inbox"
PATIENCE_S = 60


async def _run_ids() -> set[str]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

    async with get_client() as client:
        deployment = await client.read_deployment_by_name(DEPLOYMENT)
        only = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
        runs = await client.read_flow_runs(deployment_filter=only)
    by_event = [run for run in runs if run.created_by and run.created_by.type == "AUTOMATION"]
    assert all(run.parameters == {"source": "inbox:"} for run in by_event)
    return {str(run.id) for run in by_event}


async def _announce_and_wait() -> int:
    """How many runs one announcement started."""
    before = await _run_ids()
    await announce_mail(3)
    deadline = time.monotonic() + PATIENCE_S
    while not (started := await _run_ids() - before) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return len(started)


def test_one_announcement_starts_one_run_that_reads_the_inbox(prefect_server):
    asyncio.run(register(lambda _line: None))
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--name", DEPLOYMENT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert asyncio.run(_announce_and_wait()) == 1


def test_a_run_nobody_knows_is_no_run(prefect_server):
    assert asyncio.run(is_up())
    assert asyncio.run(find_run(uuid4())) is None


def test_without_a_server_to_tell_it_says_which_setting_is_missing():
    with pytest.raises(Misconfigured, match="PREFECT_API_URL"):
        asyncio.run(announce_mail(1))
    assert not asyncio.run(is_up())
