"""The processes of compose.yaml on this machine, without containers: its commands and variables, its order, its entry.

What containers have and this machine has not is replaced: hosts by loopback, ports by free ones, folders and mounted
secrets by ones in a temporary folder, the database server by the one that the tests are given.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployments.local.processes import free_port
from tests.deployments.docker.composed import DOCKER, ROOT, image_environment, read_compose

_PATIENCE_S = 180.0
_PORTS = {"prefect-server": 4200, "receiver": 8000, "worker": 8000, "metrics": 8001, "redis": 6379}
_NOT_HERE = {"postgres", "prometheus", "grafana"}
"""The first is given, the others have tests of their own."""


@dataclass
class Composition:
    """`variables` is what an operator would write into mailroom.env."""

    folder: Path
    databases: Mapping[str, str]
    """What stands for `USER@postgres:5432/NAME`, by NAME."""
    variables: Mapping[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services: dict[str, dict[str, Any]] = read_compose()["services"]
        self.ports = {name: free_port(0) for name in _PORTS}
        for name in ("data", "drop", "logs", "redis"):
            (self.folder / name).mkdir()

    @property
    def secrets(self) -> Path:
        """Where the secrets are, made by the script that an operator runs."""
        folder = self.folder / "secrets"
        if not folder.exists():
            script = self.folder / "make-secrets.sh"
            script.write_bytes((DOCKER / "make-secrets.sh").read_bytes())
            subprocess.run(["sh", script], check=True, capture_output=True)
        return folder

    def secret(self, name: str) -> str:
        """The text of a secret."""
        return (self.secrets / name).read_text()

    def url(self, name: str) -> str:
        """Where a service listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def up(self, names: Iterable[str]) -> None:
        """Start these services and what they wait for, each when its conditions hold."""
        for name in names:
            self._start_with_needs(name)

    def start(self, name: str, service: str | None = None) -> None:
        """Start one service as `name`, a second time where `service` says which it is."""
        one = self.services[service or name]
        self.ports.setdefault(name, free_port(0))
        command = [self._replaced(word, name) for word in one["command"]]
        if name == "redis":
            command += ["--port", str(self.ports["redis"]), "--bind", "127.0.0.1", "--dir", str(self.folder / "redis")]
        else:
            command = ["sh", str(DOCKER / "entry.sh"), *command]
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(name, one), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                preexec_fn=_interruptible,
            )  # fmt: skip

    def wait_healthy(self, name: str, service: str | None = None) -> None:
        """Return when the service's own health check would pass."""
        if name == "redis":
            return self._wait(name, lambda: _redis_answers(self.ports["redis"]))
        health = self.services[service or name]["environment"].get("HEALTH_URL", "http://127.0.0.1:8000/health")
        return self._wait(name, lambda: _answers(self._replaced(health, name)))

    def wait_done(self, name: str) -> None:
        """Return when the job has ended well."""
        assert self.running[name].wait(_PATIENCE_S) == 0, self.log(name)

    def log(self, name: str) -> str:
        """The end of what it wrote."""
        return (self.folder / "logs" / f"{name}.log").read_text()[-4_000:]

    def down(self) -> dict[str, int]:
        """How each process ended, asked politely, those first that others do not need."""
        codes = {}
        for name in reversed(list(self.running)):
            process = self.running.pop(name)
            process.send_signal(signal.SIGTERM)
            try:
                codes[name] = process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait()
        return codes

    def _start_with_needs(self, name: str) -> None:
        if name in self.running or name in _NOT_HERE:
            return
        for needed, how in self.services[name].get("depends_on", {}).items():
            self._start_with_needs(needed)
            if needed in _NOT_HERE:
                continue
            done = how["condition"] == "service_completed_successfully"
            (self.wait_done if done else self.wait_healthy)(needed)
        self.start(name)

    def _environment(self, name: str, one: dict[str, Any]) -> dict[str, str]:
        basis = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.folder),
            "NO_PROXY": "127.0.0.1,localhost", "MAILROOM_SECRETS_DIR": str(self.secrets),
            "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
        }  # fmt: skip
        theirs = self.variables if one.get("env_file") else {}
        image = {key: value for key, value in image_environment().items() if key != "PATH"}
        told = {**image, **one.get("environment", {})}
        said = {key: self._replaced(str(value), name) for key, value in told.items()}
        return {**basis, **theirs, **said}

    def _replaced(self, text: str, name: str) -> str:
        for database, url in self.databases.items():
            text = text.replace(f"mailroom@postgres:5432/{database}", url)
        text = text.replace("redis://redis:6379", f"redis://127.0.0.1:{self.ports['redis']}")
        text = text.replace("http://prefect-server:4200", self.url("prefect-server"))
        own = str(_PORTS.get(name, _PORTS["prefect-server"]))
        if text in (own, "0.0.0.0"):
            return str(self.ports[name]) if text == own else "127.0.0.1"
        text = text.replace(f"http://127.0.0.1:{own}/", f"{self.url(name)}/")
        for inside, here in (("/run/secrets", "secrets"), ("/data", "data"), ("/drop", "drop")):
            if text == inside or text.startswith(f"{inside}/"):
                return str(self.folder / here) + text.removeprefix(inside)
        return str(self.folder / f"prefect-{name}") if text == "/tmp/prefect" else text

    def _wait(self, name: str, holds: Any) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not holds():
            assert self.running[name].poll() is None, f"`{name}` has ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, f"`{name}` is not healthy:\n{self.log(name)}"
            time.sleep(0.2)


def _interruptible() -> None:
    # A shell's background jobs ignore SIGINT, which is what Prefect's worker ends itself with.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=4) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _redis_answers(port: int) -> bool:
    done = subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, text=True)
    return done.stdout.strip() == "PONG"
