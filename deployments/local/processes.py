"""Background processes that outlive the command that started them. Each has a record on disk.

A record has the process id and the start time. Systems reuse process ids, so only a process with the recorded start
time is ours, and no other one is ever ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tasks.errors import Misconfigured
from tasks.private_files import make_folder

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Process:
    """A background process. `facts` are what its users must know, such as its address. They contain no secrets."""

    name: str
    pid: int
    began: str
    log: str
    facts: dict[str, str] = field(default_factory=dict)


def spawn(name: str, command: Sequence[str], home: Path, env: Mapping[str, str], facts: Mapping[str, str]) -> Process:
    """Start a process detached from this terminal, and record it. Its output goes to `home/logs/NAME.log`."""
    log = home / "logs" / f"{name}.log"
    make_folder(log.parent)
    with log.open("ab") as output, _interruptible_children():
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(env), start_new_session=True
        )
    began = began_at(child.pid) or ""
    process = Process(name=name, pid=child.pid, began=began, log=str(log), facts=dict(facts))
    record = _record(home, name)
    make_folder(record.parent)
    record.write_text(json.dumps(asdict(process), indent=2))
    return process


def recall(home: Path, name: str) -> Process | None:
    """The process with that name if it still runs, else null."""
    try:
        process = Process(**json.loads(_record(home, name).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return process if is_alive(process) else None


def is_alive(process: Process) -> bool:
    """Whether this process still runs; another process with the same id does not count."""
    return bool(process.began) and began_at(process.pid) == process.began


def end(home: Path, name: str, patience_s: float = 20.0) -> bool:
    """End the process with that name: ask first, and kill it after `patience_s`. Return whether it ran."""
    process = recall(home, name)
    if process is not None:
        _signal(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + patience_s
        while is_alive(process) and time.monotonic() < deadline:
            time.sleep(0.1)
        if is_alive(process):
            _signal(process.pid, signal.SIGKILL)
    _record(home, name).unlink(missing_ok=True)
    return process is not None


def began_at(pid: int) -> str | None:
    """The process's start time in a system-specific form; null if it has ended or is a zombie."""
    if sys.platform == "linux":
        return _began_at_by_proc(pid)
    return _began_at_by_ps(pid)


@contextmanager
def alone(home: Path) -> Generator[None]:
    """Hold the lock of `home`, so that two commands at the same time start only one server."""
    make_folder(home)
    with _locked(home / "lock"):
        yield


@contextmanager
def choosing_a_port() -> Generator[None]:
    """Hold this user's lock on the machine, from the choice of a port until a server listens on it.

    A server listens some seconds after its port was chosen. Without the lock, two homes that start at the same time
    would choose the same port.
    """
    # Not XDG_RUNTIME_DIR: it is set in a terminal, but not in a scheduled job of the same user.
    folder = Path(tempfile.gettempdir()) / f"mailroom-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise Misconfigured(f"`{folder}` belongs to somebody else; remove it, or set TMPDIR to a folder of your own.")
    with _locked(folder / "ports.lock"):
        yield


def free_port(wanted: int) -> int:
    """`wanted` if no process listens on it, else a port that the system chooses.

    Raises:
        Misconfigured: There is no free port.
    """
    for port in (wanted, 0):
        with socket.socket() as listener:
            # As servers do; without it, a port that was just released would count as used for a minute.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                if port and not _is_listened_to(port):
                    listener.bind((LOOPBACK, port))
                    return port
                if not port:
                    listener.bind((LOOPBACK, 0))
                    return int(listener.getsockname()[1])
    raise OSError("No free port on the loopback interface.")


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _record(home: Path, name: str) -> Path:
    return home / "processes" / f"{name}.json"


def _signal(pid: int, number: signal.Signals) -> None:
    _reap()
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _reap() -> None:
    # A child process that has ended stays a zombie until its exit code is read.
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _is_listened_to(port: int) -> bool:
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex((LOOPBACK, port)) == 0


def _began_at_by_proc(pid: int) -> str | None:
    try:
        # The command's name may contain spaces and brackets; the fields after its last bracket do not.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): fields 3 (state) and 22 (start time in clock ticks since boot) of the line.
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _began_at_by_ps(pid: int) -> str | None:
    # In UTC and English, so that the same time is always printed in the same way.
    env = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    shown = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, env=env)
    state, _, began = shown.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else began.strip()


@contextmanager
def _interruptible_children() -> Generator[None]:
    # A shell's background jobs ignore SIGINT, and children inherit that, but Prefect's worker ends itself by SIGINT.
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
