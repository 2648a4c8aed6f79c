"""Which processes live, and who began them, as /proc tells."""

from __future__ import annotations

from pathlib import Path


def runs_of(worker: int) -> set[int]:
    """The living runs of a worker: its children and those of its fork server that lead a session of their own."""
    living = _living()
    began_by = {worker, *(pid for pid, (parent, _) in living.items() if parent == worker)}
    return {pid for pid, (parent, session) in living.items() if parent in began_by and session == pid}


def children_of(pid: int) -> set[int]:
    """The living children of a process."""
    return {child for child, (parent, _) in _living().items() if parent == pid}


def _living() -> dict[int, tuple[int, int]]:
    """Parent and session of each living process; proc(5), fields 3 (state), 4 (parent) and 6 (session) of `stat`."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # the process has ended meanwhile
            continue
        if fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[1]), int(fields[3])
    return found
