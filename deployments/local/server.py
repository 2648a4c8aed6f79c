"""The project's own Prefect server: SQLite under `.mailroom/prefect`, on loopback, nothing sent outside."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deployments.local import processes
from deployments.local.prefect_env import own_environment
from deployments.local.processes import LOOPBACK, Process
from tasks.errors import Misconfigured

NAME = "server"
PORT = 4200
PATIENCE_S = 180.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where a Prefect server is; `started` tells whether this command started it."""

    api_url: str
    started: bool = False

    @property
    def ui_url(self) -> str:
        """The address for a browser."""
        return self.api_url.removesuffix("/").removesuffix("/api")


def ensure_server(home: Path) -> Server:
    """The project's own server, found running or started, and ready to be asked.

    Raises:
        Misconfigured: It ended before it was ready, or was not ready in time; its log says why.
    """
    with processes.alone(home):
        running = processes.recall(home, NAME)
        started = running is None
        for _ in range(3):
            process = running or _start(home)
            if _wait(process):
                return Server(api_url=process.facts["api_url"], started=started)
            # It lost the race for its port to another program; the next one is chosen anew.
            running = None
        raise Misconfigured(f"Prefect's server ended before it was ready; read why in `{process.log}`.")


def is_healthy(api_url: str, timeout_s: float = 5.0) -> bool:
    """Whether a Prefect server answers there."""
    import httpx

    try:
        # Its own health only; never by way of a proxy when it is on this machine.
        trust_env = LOOPBACK not in api_url and "localhost" not in api_url
        return httpx.get(f"{api_url}/health", timeout=timeout_s, trust_env=trust_env).status_code == 200
    except httpx.HTTPError:
        return False


def _start(home: Path) -> Process:
    port = processes.free_port(PORT)
    api_url = f"http://{LOOPBACK}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
    # Its pages call the address that PREFECT_API_URL names, and port 4200 when there is none.
    env = own_environment(home, api_url)
    return processes.spawn(NAME, command, home, env, {"api_url": api_url})


def _wait(process: Process) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while processes.is_alive(process):
        if is_healthy(process.facts["api_url"]):
            return True
        if time.monotonic() > deadline:
            raise Misconfigured(
                f"Prefect's server was not ready after {PATIENCE_S:.0f} s; read why in `{process.log}`."
            )
        time.sleep(0.3)
    return False
