"""The Prefect worker of the project's own server, for the work pool in `prefect.yaml`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from deployments.local import processes
from deployments.local.prefect_env import OF_WORKERS, own_environment
from deployments.local.processes import Process

NAME = "worker"


def ensure_worker(home: Path, api_url: str, pool: str, extra: Mapping[str, str] | None = None) -> Process:
    """Return the worker for `pool` at that server, started if needed. A worker for others is replaced.

    `extra` is added to its environment, and so to that of its runs.
    """
    facts = {"api_url": api_url, "pool": pool, "for": " ".join(sorted((extra or {}).values()))}
    with processes.alone(home):
        running = processes.recall(home, NAME)
        if running is not None and running.facts == facts:
            return running
        processes.end(home, NAME)
        command = [sys.executable, "-m", "deployments.worker.process", "worker", "start", "--pool", pool]
        env = {**own_environment(home, api_url), **OF_WORKERS, **(extra or {})}
        return processes.spawn(NAME, [*command, "--type", "process", "--name", "mailroom"], home, env, facts)
