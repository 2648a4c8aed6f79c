"""Processes started for a benchmark, and each one's CPU time from /proc."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deployments.local import processes
from deployments.local.prefect_env import own_environment
from deployments.local.server import NAME as SERVER
from deployments.local.server import ensure_server

ROOT = Path(__file__).resolve().parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def simulator(*options: str) -> Iterator[Simulated]:
    """A simulator in a process of its own, ended afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        command = [sys.executable, "-m", "deployments.simulator", "--port", "0", "--port-file", str(port_file)]
        process = subprocess.Popen([*command, "--log-level", "warning", *options], cwd=ROOT)
        try:
            while not port_file.exists():
                if process.poll() is not None:
                    raise SystemExit("The simulator did not start.")
                time.sleep(0.05)
            yield Simulated(f"http://127.0.0.1:{port_file.read_text()}", process.pid)
        finally:
            process.terminate()
            process.wait(20)


class Simulated:
    """A running simulator."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid

    def stats(self) -> dict[str, Any]:
        """What it was asked since the last reset."""
        with urllib.request.urlopen(f"{self.url}/stats") as reply:
            found: dict[str, Any] = json.load(reply)
            return found

    def reset(self) -> None:
        """Bring its counts to zero."""
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/reset", method="POST")).close()


class PrefectServer:
    """The project's own standalone server, and the CPU it uses."""

    def __init__(self, api_url: str, pid: int) -> None:
        self.api_url = api_url
        self.pid = pid
        # What it does when nobody asks anything, as a share of one core.
        self.idle_share = 0.0

    def cpu_s(self) -> float:
        """CPU seconds of the server and all its children so far."""
        return tree_cpu_s(self.pid)

    def cpu_beyond_idle_s(self, cpu_s: float, at: float) -> float:
        """CPU seconds since it had used `cpu_s`, at UTC second `at`, less what it uses anyway in that time."""
        return self.cpu_s() - cpu_s - self.idle_share * (time.time() - at)

    def wait_until_idle(self, patience_s: float = 120.0) -> None:
        """Wait until its backlog of events, logs and state changes is written."""
        deadline, quiet = time.monotonic() + patience_s, 0
        while quiet < 2 and time.monotonic() < deadline:
            quiet = quiet + 1 if self._share(1.5) < self.idle_share + 0.03 else 0

    def learn_idle_share(self) -> None:
        """Measure what it uses when it has nothing to do."""
        self._share(5.0)
        self.idle_share = min(self._share(3.0) for _ in range(3))

    def task_runs(self, flow_run_id: str) -> int:
        """How many task runs a flow run has."""
        body = json.dumps({"flow_runs": {"id": {"any_": [flow_run_id]}}}).encode()
        request = urllib.request.Request(
            f"{self.api_url}/task_runs/count", body, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as reply:
            return int(json.load(reply))

    def _share(self, seconds: float) -> float:
        before, began = self.cpu_s(), time.monotonic()
        time.sleep(seconds)
        return (self.cpu_s() - before) / (time.monotonic() - began)


@contextmanager
def prefect_server(home: Path) -> Iterator[PrefectServer]:
    """A server with a home of its own, ended afterwards."""
    try:
        api_url = ensure_server(home).api_url
        process = processes.recall(home, SERVER)
        assert process is not None
        yield PrefectServer(api_url, process.pid)
    finally:
        processes.end(home, SERVER)


def client_environment(home: Path, server: PrefectServer, simulated: Simulated, **more: str) -> dict[str, str]:
    """The environment of a client process: our server, the simulator as every provider, nothing of the user's own."""
    base = {
        k: v for k, v in own_environment(home, server.api_url).items() if not k.startswith(("MAILROOM_", "OPENAI_"))
    }
    ours = {"OPENAI_API_KEY": "sk-simulated", "OPENAI_BASE_URL": f"{simulated.url}/v1", "PYTHONPATH": str(ROOT)}
    return {**base, **ours, **more}


def run_client(script: str, config: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """What a client module printed as its last line, run in a process of its own in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", f"tests.benchmarks.{script}", json.dumps(config)]
        done = subprocess.run(
            command, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(f"`{script}` ended with code {done.returncode}.\n{done.stdout[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def tree_cpu_s(pid: int) -> float:
    """CPU seconds of a process and its living descendants, the dead ones it has waited for included."""
    used = {one: sum(int(n) for n in fields[11:15]) / _TICKS for one, fields in _stats().items()}
    return sum(used.get(one, 0.0) for one in tree(pid))


def tree_mb(pid: int) -> float:
    """Memory of a process and its living descendants, in MB; what several share is counted once (PSS)."""
    found = 0
    for one in tree(pid):
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            found += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return found / 1024


def tree(pid: int) -> set[int]:
    """A process and its living descendants."""
    parents = {one: int(fields[1]) for one, fields in _stats().items()}
    wanted = {pid}
    while True:
        grown = wanted | {child for child, parent in parents.items() if parent in wanted}
        if grown == wanted:
            return wanted
        wanted = grown


def _stats() -> dict[int, list[str]]:
    found = {int(one.name): _stat(int(one.name)) for one in Path("/proc").iterdir() if one.name.isdecimal()}
    return {pid: fields for pid, fields in found.items() if fields}


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name: state, parent, …; none when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    packages = {name: version(name) for name in ("prefect", "openai", "pandas", "sqlalchemy")}
    load = f"{os.getloadavg()[0]:.1f} before the run"
    return {"cores": str(os.cpu_count()), "cpu": cpu, "load": load, "python": platform.python_version(), **packages}
