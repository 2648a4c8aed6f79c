"""The simulator of the providers as a background process, for the demo."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from deployments.local import processes
from deployments.local.processes import LOOPBACK, Process
from tasks.errors import Misconfigured

NAME = "simulator"
PORT = 8000
PATIENCE_S = 60.0


def ensure_simulator(home: Path) -> str:
    """The simulator's address, found running or started, and listening.

    Raises:
        Misconfigured: It ended before it listened, or did not listen in time; its log says why.
    """
    told = home / "processes" / "simulator.port"
    with processes.alone(home):
        if processes.recall(home, NAME) is not None and told.exists():
            return _address(told)
        # The simulator listens before it says where. If the port is taken, it ends, and the next one takes any other.
        for port in (PORT, 0):
            process = _start(home, port, told)
            if _wait(process, told):
                return _address(told)
            processes.end(home, NAME)
        raise Misconfigured(f"The simulator did not start; read why in `{process.log}`.")


def _start(home: Path, port: int, told: Path) -> Process:
    told.unlink(missing_ok=True)
    command = [sys.executable, "-m", "deployments.simulator", "--port", str(port), "--port-file", str(told)]
    return processes.spawn(NAME, command, home, os.environ, {})


def _wait(process: Process, told: Path) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while processes.is_alive(process) and time.monotonic() < deadline:
        if told.exists():
            return True
        time.sleep(0.1)
    return False


def _address(told: Path) -> str:
    return f"http://{LOOPBACK}:{told.read_text().strip()}"
