"""The simulator of the providers as a background process, for the demo."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from deployments.local import processes
from deployments.local.processes import LOOPBACK
from tasks.errors import Misconfigured

NAME = "simulator"
PORT = 8000
PATIENCE_S = 60.0


def ensure_simulator(home: Path) -> str:
    """The simulator's address, found running or started, and listening.

    Raises:
        Misconfigured: It ended before it listened, or did not listen in time; its log says why.
    """
    with processes.alone(home):
        running = processes.recall(home, NAME)
        if running is not None:
            return running.facts["url"]
        port = processes.free_port(PORT)
        port_file = home / "processes" / "simulator.port"
        port_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "deployments.simulator", "--port", str(port), "--port-file", str(port_file)]
        url = f"http://{LOOPBACK}:{port}"
        process = processes.spawn(NAME, command, home, os.environ, {"url": url})
        deadline = time.monotonic() + PATIENCE_S
        while processes.is_alive(process) and time.monotonic() < deadline:
            if port_file.exists():
                return url
            time.sleep(0.1)
        processes.end(home, NAME)
        raise Misconfigured(f"The simulator did not start; read why in `{process.log}`.")
