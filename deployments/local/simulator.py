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
    """Return the simulator's address. It is started if it does not run.

    Raises:
        Misconfigured: It ended before it listened, or did not listen in time. Its log says why.
    """
    port_file = home / "processes" / "simulator.port"
    with processes.alone(home):
        if processes.recall(home, NAME) is not None and port_file.exists():
            return _address(port_file)
        # The simulator writes its port once it listens. If the port is in use, it ends, and the next try uses any port.
        for port in (PORT, 0):
            process = _start(home, port, port_file)
            if _wait(process, port_file):
                return _address(port_file)
            processes.end(home, NAME)
        raise Misconfigured(f"The simulator did not start; read why in `{process.log}`.")


def _start(home: Path, port: int, port_file: Path) -> Process:
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "deployments.simulator", "--port", str(port), "--port-file", str(port_file)]
    return processes.spawn(NAME, command, home, os.environ, {})


def _wait(process: Process, port_file: Path) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while processes.is_alive(process) and time.monotonic() < deadline:
        if port_file.exists():
            return True
        time.sleep(0.1)
    return False


def _address(port_file: Path) -> str:
    return f"http://{LOOPBACK}:{port_file.read_text().strip()}"
