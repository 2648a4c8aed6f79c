"""What all tests share: loopback only, one Prefect server and one simulator per session, a fresh ledger per test."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

pytest_plugins = [
    "tests.services.dovecot",
    "tests.services.gmail",
    "tests.services.ledgers",
    "tests.services.smtp_sink",
    "tests.services.http_sink",
    "tests.services.browser",
    "tests.services.buckets",
    "tests.services.prefect_variables",
]

ROOT = Path(__file__).resolve().parents[1]

# Time limits belong in benchmarks: beside other work an example takes any time.
hypothesis.settings.register_profile("no time limit", deadline=None)
hypothesis.settings.load_profile("no time limit")
_SERVER = "MAILROOM_TEST_PREFECT_API_URL"
_PROVIDER_PREFIXES = ("OPENAI_", "ANTHROPIC_", "CLAUDE_", "GEMINI_", "GOOGLE_", "LOCAL_", "MAILROOM_")
_KEPT = ("MAILROOM_TEST_", "MAILROOM_CORPUS", "MAILROOM_CASES")

# Prefect reads its settings when it is imported, so these are set before any test module is.
os.environ.update(
    DO_NOT_TRACK="1",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    PREFECT_LOGGING_EXTRA_LOGGERS="mailroom",
    PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW="ignore",
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE="false",
    NO_PROXY="127.0.0.1,localhost",
)
for _name in [name for name in os.environ if name.startswith(_PROVIDER_PREFIXES) and not name.startswith(_KEPT)]:
    del os.environ[_name]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that use the Prefect server run in one worker, so that there is one server."""
    for item in items:
        if "prefect_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("prefect"))


class NotLoopback(OSError):
    """A test tried to reach beyond this machine."""


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0]).partition("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise NotLoopback(f"tests may not connect to {address}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _is_loopback(address):
            raise NotLoopback(f"tests may not connect to {address}")
        return connect_ex(self, address)

    socket.socket.connect, socket.socket.connect_ex = guarded, guarded_ex  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect, socket.socket.connect_ex = connect, connect_ex  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    # Commands enter Prefect's environment for good, which silences the console of every process a later test starts.
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # `.env` and the ledger's default place are looked for in the working directory: a developer's own must not count.
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def _empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger's file with today's schema: to copy it takes a twentieth of making one."""
    from tasks.ledger.engine import open_ledger

    file = tmp_path_factory.mktemp("ledger") / "ledger.db"
    open_ledger(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture
def new_ledger_url(tmp_path: Path) -> str:
    """A ledger that does not exist yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger_url(new_ledger_url: str, _empty_ledger: Path, tmp_path: Path) -> str:
    """A ledger with nothing in it."""
    shutil.copy(_empty_ledger, tmp_path / "ledger.db")
    return new_ledger_url


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator in a process of its own."""

    url: str

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/stats") as reply:
            found: dict[str, Any] = json.load(reply)
            return found

    def reset(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/reset", method="POST")).close()

    @property
    def environment(self) -> dict[str, str]:
        """What points all three providers at it."""
        return {
            "OPENAI_API_KEY": "sk-simulated-openai",
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "ANTHROPIC_API_KEY": "sk-simulated-anthropic",
            "ANTHROPIC_BASE_URL": self.url,
            "GEMINI_API_KEY": "simulated-gemini",
            "GEMINI_BASE_URL": self.url,
        }


@contextmanager
def running_simulator(folder: Path, *options: str, python: Path = Path(sys.executable)) -> Iterator[RunningSimulator]:
    """A simulator of its own, with the options of `python -m deployments.simulator`."""
    port_file = folder / "port"
    command = [str(python), "-m", "deployments.simulator", "--port", "0", "--port-file", str(port_file), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        while not port_file.exists():
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield RunningSimulator(f"http://127.0.0.1:{port_file.read_text().strip()}")
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def _simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


@pytest.fixture
def picky_simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    """A simulator that accepts the key `good` alone."""
    folder = tmp_path / "picky"
    folder.mkdir()
    with running_simulator(folder, "--keys", "good") as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator_process: RunningSimulator) -> RunningSimulator:
    """A running simulator whose counts are at zero."""
    _simulator_process.reset()
    return _simulator_process


@pytest.fixture
def provider_env(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> RunningSimulator:
    """All providers have a key and the simulator's address."""
    for name, value in simulator.environment.items():
        monkeypatch.setenv(name, value)
    return simulator


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's own Prefect server keeps its database; nothing is in it when a shared server is used."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="session")
def _prefect_server(prefect_home: Path) -> Iterator[str]:
    shared = os.environ.get(_SERVER)
    if shared:
        yield shared
        return
    from deployments.local import processes
    from deployments.local.server import ensure_server

    try:
        yield ensure_server(prefect_home).api_url
    finally:
        processes.end(prefect_home, "server")


@pytest.fixture
def prefect_server(_prefect_server: str, tmp_path: Path) -> Iterator[str]:
    """The API's address of a real, standalone Prefect server, which flows in this test use."""
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    os.environ["PREFECT_API_URL"] = _prefect_server
    home = tmp_path / "prefect"
    with temporary_settings({PREFECT_API_URL: _prefect_server, PREFECT_HOME: home}):
        yield _prefect_server
    del os.environ["PREFECT_API_URL"]
