"""Who holds a mail: a name that lets others on the same machine see whether the holder is still alive."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from functools import cache
from pathlib import Path


def owner_name(run_id: str) -> str:
    """This process as an owner of claims: place, process id, its start and the run, in one word."""
    pid = os.getpid()
    return f"{_place()}|{pid}|{_started(pid) or 0}|{run_id}"


def is_gone(owner: str) -> bool:
    """True when the owner was a process of this place that no longer runs; of other places nothing is known."""
    place, pid, started, _run = owner.split("|", 3)
    if place != _place():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    now = _started(int(pid))
    return now is not None and now != int(started)


@cache
def _place() -> str:
    """Where a process id means the same process: host name, boot of the machine, its network cards, PID namespace.

    A host name alone is not enough. Containers may share it with each other or with their host, and a copy of a
    virtual machine has it, too. Each of these counts its processes on its own.
    """
    parts = (_boot(), *_cards(), _pid_namespace())
    return f"{socket.gethostname()}~{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # no Linux: the machine, whenever it was started
        return f"{uuid.getnode():x}"


def _cards() -> list[str]:
    """Addresses of the machine's own network cards. Bridges and containers' interfaces do not count: they change."""
    found = []
    for card in sorted(Path("/sys/class/net").glob("*")):
        if (card / "device").exists():
            found.append((card / "address").read_text().strip())
    return found


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """Start of a process in clock ticks since boot (proc(5), field 22); null where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])
