"""The demo, step by step: server, simulator, deployments, worker, one run of `process-mail/process-mail-demo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from deployments.local import processes, receiver, server, simulator, worker
from tasks.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
POOL = "mailroom"
DEPLOYMENT = "process-mail/process-mail-demo"
APPROVAL = "approve-replies/approve-replies-demo"
_PROCESSES = (worker.NAME, receiver.NAME, simulator.NAME, server.NAME)
_PATIENCE_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How the run ended."""

    run_id: str
    state: str
    message: str


def deploy(simulator_url: str) -> None:
    """Register the work pool and all of `prefect.yaml` with the server that this process uses.

    Raises:
        Misconfigured: Prefect refused; the message has its words.
    """
    before = asyncio.run(_set_up())
    _prefect({**os.environ, "MAILROOM_SIMULATOR_URL": simulator_url}, "deploy", "--all")
    # A newcomer has no mailbox and no key yet, so scheduled runs would fail. Each schedule can be switched on in the
    # UI and then stays on.
    asyncio.run(pause_schedules(but=before))


async def _set_up() -> frozenset[UUID]:
    """The ids of the deployments that are there, once all that they rely on is."""
    from prefect.client.orchestration import get_client

    from deployments.register import offer_variables, register

    await register(lambda _line: None)
    await offer_variables(lambda _line: None)
    async with get_client() as client:
        return frozenset(deployment.id for deployment in await client.read_deployments())


async def pause_schedules(but: frozenset[UUID] = frozenset()) -> None:
    """Switch off every schedule on the server that this process uses, except those of some deployments."""
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        for deployment in await client.read_deployments():
            for schedule in deployment.schedules if deployment.id not in but else ():
                await client.update_deployment_schedule(deployment.id, schedule.id, active=False)


def simulated_environment(simulator_url: str, home: Path) -> dict[str, str]:
    """What the demo's worker and receiver run with: keys of the simulator's, and a ledger and an inbox of their own."""
    return {
        "MAILROOM_DATA_DIR": str((home / "demo").absolute()), "MAILROOM_LEDGER_URL": "",
        "MAILROOM_SOURCE": str(ROOT / "deployments" / "demo" / "sample_mailbox"),
        "OPENAI_API_KEY": "simulated", "OPENAI_BASE_URL": f"{simulator_url}/v1",
        "ANTHROPIC_API_KEY": "simulated", "ANTHROPIC_BASE_URL": simulator_url,
        "GEMINI_API_KEY": "simulated", "GEMINI_BASE_URL": simulator_url,
    }  # fmt: skip


def _prefect(env: dict[str, str], *words: str) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Misconfigured(f"`prefect {' '.join(words)}` failed: {(done.stderr or done.stdout).strip()[-600:]}")


def start_run(deployment: str = DEPLOYMENT) -> str:
    """Create a run of this deployment for a worker, and return its id."""
    from prefect.deployments import run_deployment

    run: Any = run_deployment(deployment, timeout=0)
    return str(run.id)


def follow(run_id: str, show: Callable[[float, str], None]) -> Ended:
    """Wait for the run's end. Meanwhile call `show` with its progress (0 to 100) and a status text.

    Raises:
        Misconfigured: It took too long; the worker's log may say why.
    """
    from prefect.client.orchestration import get_client

    client: SyncPrefectClient = get_client(sync_client=True)
    deadline = time.monotonic() + _PATIENCE_S
    with client:
        while time.monotonic() < deadline:
            run = client.read_flow_run(UUID(run_id))
            state = run.state
            if state is not None and state.is_final():
                return Ended(run_id=run_id, state=state.name or state.type.value, message=state.message or "")
            show(*_progress(client, run_id, state.name if state else "Waiting"))
            time.sleep(0.5)
    raise Misconfigured(
        f"The run did not end within {_PATIENCE_S:.0f} s; see it in the UI, and the logs in .mailroom/logs."
    )


def _progress(client: SyncPrefectClient, run_id: str, state: str | None) -> tuple[float, str]:
    for artifact in artifacts_of(client, run_id):
        if artifact["type"] == "progress" and artifact["key"] == "mailroom-progress":
            return float(artifact["data"] or 0), str(artifact["description"])
    return 0.0, state or ""


def artifacts_of(client: SyncPrefectClient, run_id: str) -> list[dict[str, Any]]:
    """The artifacts of a run as the API returns them, newest first."""
    body = {"artifacts": {"flow_run_id": {"any_": [run_id]}}, "limit": 50, "sort": "CREATED_DESC"}
    found: list[dict[str, Any]] = client._client.post("/artifacts/filter", json=body).json()
    return found


def stop(home: Path) -> list[str]:
    """End our processes and return the names of those that ran. The worker ends first, to tell the server."""
    with processes.alone(home):
        return [name for name in _PROCESSES if processes.end(home, name)]
