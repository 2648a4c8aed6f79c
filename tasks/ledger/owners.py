"""Who holds a mail: a name that lets others on the same machine see whether the holder is still alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def owner_name(run_id: str) -> str:
    """This process as an owner of claims: host, process, its start and the run, in one word."""
    pid = os.getpid()
    return f"{socket.gethostname()}|{pid}|{_started(pid) or 0}|{run_id}"


def is_gone(owner: str) -> bool:
    """True when the owner was a process of this machine that no longer runs; of other machines nothing is known."""
    host, pid, started, _run = owner.split("|", 3)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    now = _started(int(pid))
    return now is not None and now != int(started)


def _started(pid: int) -> int | None:
    """Start of a process in clock ticks since boot (proc(5), field 22); null where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])
