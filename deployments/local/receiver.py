"""The receiver as a background process, for the demo: its webhook and its upload page, on loopback."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from deployments.local import processes
from deployments.local.prefect_env import own_environment
from deployments.local.processes import LOOPBACK, Process
from tasks.errors import Misconfigured

NAME = "receiver"
PORT = 8080
PATIENCE_S = 120.0


def ensure_receiver(home: Path, api_url: str, env: Mapping[str, str]) -> str:
    """The receiver's address, found running or started, and answering; `env` is added to its environment.

    Raises:
        Misconfigured: It did not answer in time; its log says why.
    """
    with processes.alone(home):
        running = processes.recall(home, NAME)
        if running is not None and running.facts["api_url"] == api_url and _wait(running):
            return running.facts["url"]
        processes.end(home, NAME)
        with processes.choosing_a_port():
            port = processes.free_port(PORT)
            facts = {"api_url": api_url, "url": f"http://{LOOPBACK}:{port}"}
            words = "from deployments.cli.main import main; main()"
            command = [sys.executable, "-c", words, "receiver", "--port", str(port)]
            process = processes.spawn(NAME, command, home, {**own_environment(home, api_url), **env}, facts)
            if _wait(process):
                return facts["url"]
        raise Misconfigured(f"The receiver did not start; read why in `{process.log}`.")


def _wait(process: Process) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while processes.is_alive(process) and time.monotonic() < deadline:
        try:
            with urlopen(f"{process.facts['url']}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, TimeoutError):
            time.sleep(0.2)
    return False
