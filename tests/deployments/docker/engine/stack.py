"""compose.yaml as it is, on an engine: brought up, asked and taken down as an operator does it.

Only what an operator may set is set: ports by `.env`, `mailroom.env`, the secrets. The provider is a simulator in the
network of each worker, since it answers on loopback alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook

from deployments.local.processes import free_port
from tests.deployments.docker.composed import ROOT
from tests.deployments.docker.engine.docker import IMAGE, Engine

PATIENCE_S = 600.0
_SIMULATOR_PORT = 8765
# The hourly schedule may come due: it finds no mail that a test has not put there.
MAILROOM_ENV = f"""\
OPENAI_BASE_URL=http://127.0.0.1:{_SIMULATOR_PORT}/v1
MAILROOM_SOURCE=inbox:
MAILROOM_DRY_RUN=false
"""


@dataclass
class Stack:
    """One project of Compose with a folder, ports and volumes of its own."""

    engine: Engine
    folder: Path
    project: str = field(default_factory=lambda: f"mailroom-{uuid.uuid4().hex[:8]}")
    simulators: list[str] = field(default_factory=list)
    revision_before: str = ""
    """The ledger's schema before the upgrade."""

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "deployments", self.folder / "deployments", ignore=shutil.ignore_patterns("secrets"))
        self.ports = {"UI_PORT": free_port(0), "RECEIVER_PORT": free_port(0)}
        (self.here / ".env").write_text("".join(f"{name}={port}\n" for name, port in self.ports.items()))
        (self.here / "mailroom.env").write_text(MAILROOM_ENV)
        subprocess.run(["sh", "make-secrets.sh"], cwd=self.here, check=True, capture_output=True)
        (self.here / "secrets" / "openai_api_key").write_text("sk-simulated")

    @property
    def here(self) -> Path:
        """The folder of compose.yaml."""
        return self.folder / "deployments" / "docker"

    @property
    def ui_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['UI_PORT']}"

    @property
    def receiver_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['RECEIVER_PORT']}"

    def secret(self, name: str) -> str:
        return (self.here / "secrets" / name).read_text()

    def compose(self, *words: str) -> str:
        """What `docker compose` wrote."""
        return self.engine.docker("compose", "-p", self.project, *words, cwd=self.here)

    def up(self, *words: str) -> None:
        """All of it up, and the workers able to ask their model."""
        self.compose("up", "--detach", "--no-build", *words)
        workers = self.containers("worker")
        wait_until(lambda: all(self.health(one) == "healthy" for one in workers), self.state)
        self._remove_simulators()
        for number, worker in enumerate(workers):
            name = f"{self.project}-simulator-{number}"
            self.engine.docker(
                "run", "--detach", "--name", name, "--network", f"container:{worker}", "--no-healthcheck", IMAGE,
                "mailroom", "simulator", "--port", str(_SIMULATOR_PORT),
            )  # fmt: skip
            self.simulators.append(name)

    def down(self, *words: str) -> None:
        """All of it down; with `--volumes`, nothing left."""
        self._remove_simulators()
        self.compose("--profile", "monitoring", "down", "--timeout", "90", *words)

    def _remove_simulators(self) -> None:
        while self.simulators:
            self.engine.docker("rm", "--force", "--volumes", self.simulators.pop())

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers, also of those that have ended."""
        return self.compose("ps", "--all", "--quiet", service).split()

    def health(self, container: str) -> str:
        """What the container's own health check says; empty where it has none."""
        return str(self.engine.inspect(container)["State"].get("Health", {}).get("Status", ""))

    def log(self, container: str) -> str:
        """All that the container wrote, on both of its channels."""
        done = self.engine.tried("logs", container)
        return done.stdout + done.stderr

    def state(self) -> str:
        """What a person would look at when something is not as it should be."""
        return self.compose("ps", "--all") + self.compose("logs", "--tail", "20")[-8_000:]

    def sql(self, statement: str, database: str = "workflow_db") -> list[str]:
        """The lines that psql writes."""
        words = ("psql", "-U", "mailroom", "-d", database, "-A", "-t", "-q", "-h", "/run/postgresql", "-c", statement)
        done = self.compose("exec", "-T", "--user", "postgres", "postgres", *words)
        return [line for line in done.splitlines() if line]

    def completed(self) -> int:
        """How many mails the ledger has as completed."""
        return int(
            self.sql("SELECT count(DISTINCT message_key) FROM outcomes WHERE status = 'COMPLETED'")[0]
        )  # fmt: skip

    def revision(self) -> str:
        """The ledger's schema."""
        return self.sql("SELECT version_num FROM alembic_version")[0]

    def inbox(self) -> list[str]:
        """The files that wait in the inbox."""
        return self.compose("exec", "-T", "receiver", "sh", "-c", "cd /data/inbox && ls -p | grep -v / || true").split()

    def post_mail(self, body: bytes) -> int:
        """The status that the receiver's webhook answers a signed mail with."""
        now, identity = datetime.now(UTC), uuid.uuid4().hex
        signature = Webhook(self.secret("mailroom_receiver_webhook_secret")).sign(identity, now, body.decode())
        headers = {"webhook-id": identity, "webhook-timestamp": str(int(now.timestamp())),
                   "webhook-signature": signature, "content-type": "message/rfc822"}  # fmt: skip
        return self._sent(f"{self.receiver_url}/webhooks/mail", body, headers)

    def _sent(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers)), timeout=30) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code

    def ask_prometheus(self, query: str) -> list[dict[str, Any]]:
        """What the stack's Prometheus answers; it publishes no port, so it is asked from inside."""
        url = f"http://127.0.0.1:9090/api/v1/query?query={urllib.parse.quote(query)}"
        done = self.compose("exec", "-T", "prometheus", "wget", "-q", "-O", "-", url)
        found: list[dict[str, Any]] = json.loads(done)["data"]["result"]
        return found


def wait_until(holds: Callable[[], Any], told: Callable[[], str]) -> None:
    """Return when it holds; a failure shows what `told` tells."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(told())
        time.sleep(2)
