"""The project's own Prefect server: SQLite under `.mailroom/prefect`, on loopback, nothing sent outside."""

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
    """Where a Prefect server is; `started` tells whether this command started it."""

    api_url: str
    started: bool = False

    @property
    def ui_url(self) -> str:
        """The address for a browser: of Prefect's newer UI, which has a switch to the older one."""
        return f"{self.api_url.removesuffix('/').removesuffix('/api')}/v2"


def ensure_server(home: Path) -> Server:
    """The project's own server, found running or started, and ready to be asked.

    Raises:
        Misconfigured: It ended before it was ready, or was not ready in time; its log says why.
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
                # It lost the race for its port to another program; the next one is chosen anew.
        raise Misconfigured(f"Prefect's server ended before it was ready; read why in `{process.log}`.")


def running_server(home: Path) -> Server | None:
    """The project's own server, if it is up."""
    running = processes.recall(home, NAME)
    if running is None or not _is_of(home, running.facts["api_url"]):
        return None
    return Server(api_url=running.facts["api_url"])


def is_healthy(api_url: str, timeout_s: float = 5.0) -> bool:
    """Whether a Prefect server answers there."""
    return _ask(f"{api_url}/health", timeout_s) is not None


def _is_of(home: Path, api_url: str) -> bool:
    """Whether the server that answers there keeps its files in `home`; another may have got the port first."""
    settings = _ask(f"{api_url}/admin/settings")
    told = settings.get("home") if isinstance(settings, dict) else None
    return isinstance(told, str) and Path(told).resolve() == prefect_home(home).resolve()


def _ask(address: str, timeout_s: float = 5.0) -> object:
    """What the server says there; null when it does not say anything good."""
    import httpx

    try:
        # Never by way of a proxy when it is on this machine.
        trust_env = LOOPBACK not in address and "localhost" not in address
        answer = httpx.get(address, timeout=timeout_s, trust_env=trust_env)
        return answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError):
        return None


def _start(home: Path) -> Process:
    port = processes.free_port(PORT)
    api_url = f"http://{LOOPBACK}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
    # Its pages call the address that PREFECT_API_URL names, and port 4200 when there is none.
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
