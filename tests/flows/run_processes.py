"""Runs of `process-mail` in processes of their own, as a worker starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import State

from flows.process_mail import process_mail

ROOT = Path(__file__).resolve().parents[2]
FLOW = "flows/process_mail.py:process_mail"
ENGINE = (sys.executable, "-m", "prefect.engine")
WORKERS = (sys.executable, "-m", "prefect", "flow-run", "execute")
"""What a worker of the kind `process` starts for each run."""


@dataclass(frozen=True)
class Ended:
    """A run that has ended: its state, its log as the UI shows it, and what its process wrote."""

    state: State[Any]
    log: list[str]
    said: str

    def assert_no_trace(self) -> None:
        assert "Traceback" not in self.said, self.said
        assert not any("Traceback" in line or "TypeError" in line for line in self.log), self.log


@contextmanager
def started(command: tuple[str, ...], **parameters: Any) -> Iterator[tuple[UUID, subprocess.Popen[str]]]:
    """A run's id and its process."""
    with get_client(sync_client=True) as client:
        if command == WORKERS:
            flow_id = client.create_flow_from_name("process-mail")
            deployment = client.create_deployment(flow_id, "endings", entrypoint=FLOW, path=str(ROOT))
            run = client.create_flow_run_from_deployment(deployment, parameters=parameters)
        else:
            run = client.create_flow_run(process_mail, parameters=parameters)
    process = subprocess.Popen(
        [*command, str(run.id)], env={**os.environ, "PREFECT__FLOW_ENTRYPOINT": FLOW}, cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield run.id, process
    finally:
        process.kill()
        process.wait(20)


def ended(run_id: UUID, process: subprocess.Popen[str]) -> Ended:
    said, _nothing = process.communicate(timeout=300)
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run_id).state
        lines = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id])))
    assert state is not None, said
    return Ended(state, [line.message for line in sorted(lines, key=lambda one: one.timestamp)], said)


def run(command: tuple[str, ...], **parameters: Any) -> Ended:
    with started(command, **parameters) as (run_id, process):
        return ended(run_id, process)
