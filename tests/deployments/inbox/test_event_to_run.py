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
INBOX, MAILBOX = "process-mail/process-mail-inbox", "process-mail/process-mail-mailbox"
PATIENCE_S = 60


async def _sources_by_run(deployment_name: str) -> dict[str, str]:
    """The sources of those runs of a deployment that an automation started, by the run's id."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

    async with get_client() as client:
        deployment = await client.read_deployment_by_name(deployment_name)
        only = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
        runs = await client.read_flow_runs(deployment_filter=only)
    by_event = [run for run in runs if run.created_by and run.created_by.type == "AUTOMATION"]
    return {str(run.id): run.parameters["source"] for run in by_event}


async def _announce_and_wait(deployment_name: str, **event: str) -> list[str]:
    """The sources of the runs that one announcement started."""
    before = await _sources_by_run(deployment_name)
    await announce_mail(3, **event)
    deadline = time.monotonic() + PATIENCE_S
    while (after := await _sources_by_run(deployment_name)) == before and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return [source for run_id, source in after.items() if run_id not in before]


def test_one_announcement_starts_one_run_that_reads_where_the_mail_is(prefect_server):
    asyncio.run(register(lambda _line: None))
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--name", INBOX, "--name", MAILBOX]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert asyncio.run(_announce_and_wait(INBOX)) == ["inbox:"]
    told = _announce_and_wait(MAILBOX, source="imap://work/INBOX", place="mailbox.work")
    assert asyncio.run(told) == ["imap://work/INBOX"]


def test_a_run_nobody_knows_is_no_run(prefect_server):
    assert asyncio.run(is_up())
    assert asyncio.run(find_run(uuid4())) is None


def test_without_a_server_to_tell_it_says_which_setting_is_missing():
    with pytest.raises(Misconfigured, match="PREFECT_API_URL"):
        asyncio.run(announce_mail(1))
    assert not asyncio.run(is_up())
