"""A PostgreSQL server that a test has to itself: it may be killed, filled and made read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployments.local.processes import free_port


class OwnPostgres:
    """A cluster in `folder`; `url` is one of its databases, over TCP."""

    def __init__(self, folder: Path) -> None:
        self._data, self._port = folder / "data", free_port(0)
        # The server refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            folder.chmod(0o755)
            self._data.mkdir()
            shutil.chown(self._data, self._user)
        self._run("initdb", "--username=mailroom", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.url = f"postgresql+psycopg://mailroom@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Return when it takes connections."""
        options = f"-p {self._port} -k {self._data} -c listen_addresses=127.0.0.1 -c wal_keep_size=0"
        self._run("pg_ctl", "start", "--wait", "--silent", "--log", str(self._data / "log"), "-o", options)

    def kill(self) -> None:
        """End it as a crash would: nobody is told, nothing is written down."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--silent")

    def sql(self, statement: str) -> None:
        """Carry out one statement as its owner."""
        address = self.url.replace("+psycopg", "")
        subprocess.run(["psql", "-q", "-c", statement, address], check=True, capture_output=True)

    def _run(self, program: str, *words: str) -> None:
        found = shutil.which(program) or str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{program}")))
        subprocess.run(
            [found, "-D", str(self._data), *words], check=True, user=self._user, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def own_postgres(folder: Path) -> Iterator[OwnPostgres]:
    """One that runs; skips the test where PostgreSQL's server is not installed."""
    if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("PostgreSQL's server is not installed (Debian: apt install postgresql)")
    server = OwnPostgres(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
