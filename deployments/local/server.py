"""The project's own Prefect server: on loopback, with SQLite under `.mailroom/prefect`, without telemetry."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deployments.local import processes
from deployments.local.prefect_env import own_environment, prefect_home
from deployments.local.processes import LOOPBACK, Process
from deployments.local.quiet_ui import keep_quiet, served_pages
from tasks.errors import Misconfigured

NAME = "server"
PORT = 4200
PATIENCE_S = 180.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Prefect server's address. `started` says whether this command started it."""

    api_url: str
    started: bool = False

    @property
    def ui_url(self) -> str:
        """The address of Prefect's newer UI, from which the older one can be opened."""
        return f"{self.api_url.removesuffix('/').removesuffix('/api')}/v2"


def ensure_server(home: Path) -> Server:
    """Return the project's own server, which is started if it does not run, when it is ready.

    Raises:
        Misconfigured: It ended before it was ready, or was not ready in time. Its log says why.
    """
    with processes.alone(home):
        running = processes.recall(home, NAME)
        if running is not None and _wait(running, home):
            return Server(api_url=running.facts["api_url"])
        with processes.choosing_a_port():
            for _ in range(3):
                process = _start(home)
                if _wait(process, home):
                    return Server(api_url=process.facts["api_url"], started=True)
                # Another program was faster to use its port, so the next try uses a new one.
        raise Misconfigured(f"Prefect's server ended before it was ready; read why in `{process.log}`.")


def running_server(home: Path) -> Server | None:
    """The project's own server, if it is up."""
    running = processes.recall(home, NAME)
    if running is None or not _is_of(home, running.facts["api_url"]):
        return None
    return Server(api_url=running.facts["api_url"])


def is_healthy(api_url: str, timeout_s: float = 5.0) -> bool:
    """Whether a Prefect server answers at that address."""
    return _ask(f"{api_url}/health", timeout_s) is not None


def _is_of(home: Path, api_url: str) -> bool:
    """Whether the server at that address has its files in `home`: another server may have taken the port."""
    settings = _ask(f"{api_url}/admin/settings")
    told = settings.get("home") if isinstance(settings, dict) else None
    return isinstance(told, str) and Path(told).resolve() == prefect_home(home).resolve()


def _ask(address: str, timeout_s: float = 5.0) -> object:
    """The server's JSON reply; null if it fails."""
    import httpx

    try:
        # Never through a proxy if the server is on this machine.
        trust_env = LOOPBACK not in address and "localhost" not in address
        answer = httpx.get(address, timeout=timeout_s, trust_env=trust_env)
        return answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError):
        return None


def _start(home: Path) -> Process:
    port = processes.free_port(PORT)
    api_url = f"http://{LOOPBACK}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
    # Its pages use the address in PREFECT_API_URL, or port 4200 if it is not set.
    env = own_environment(home, api_url)
    return processes.spawn(NAME, command, home, env, {"api_url": api_url})


def _wait(process: Process, home: Path) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while processes.is_alive(process):
        if _is_of(home, process.facts["api_url"]):
            keep_quiet(served_pages())
            return True
        if time.monotonic() > deadline:
            raise Misconfigured(
                f"Prefect's server was not ready after {PATIENCE_S:.0f} s; read why in `{process.log}`."
            )
        time.sleep(0.3)
    return False
