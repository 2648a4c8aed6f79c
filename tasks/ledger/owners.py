"""Names of owners of claims. Processes on the same machine can see from the name whether its owner is alive."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from functools import cache
from pathlib import Path


def owner_name(run_id: str) -> str:
    """This process's name as an owner of claims: place, process id, start time and run, in one word."""
    pid = os.getpid()
    return f"{_place()}|{pid}|{_started(pid) or 0}|{run_id}"


def is_gone(owner: str) -> bool:
    """Whether the owner was a process of this place that has ended. It is false for owners of other places."""
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
    """The scope within which a process id is unique: host name, boot id, network cards and PID namespace.

    A host name alone is not enough: containers may share it with each other or with their host, and a copy of a virtual
    machine has the same one. Each of these numbers its processes separately.
    """
    parts = (_boot(), *_cards(), _pid_namespace())
    return f"{socket.gethostname()}~{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux: the boot id is unknown
        return f"{uuid.getnode():x}"


def _cards() -> list[str]:
    """Addresses of the machine's own network cards. Bridges and containers' interfaces are left out: they change."""
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
    """Start time of a process, in clock ticks since boot (proc(5), field 22); null where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])
