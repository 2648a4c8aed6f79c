"""Kills a process at every step of the outbox: the child of a fork server kills itself after its n-th step."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.tasks.act.office import Office

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "tasks.act.reconcile", "pytest"])
_MOST_STEPS = 60


@dataclass
class KillAt:
    """Counts steps, and ends the process right after the n-th."""

    number: int
    count: int = 0

    def __call__(self, name: str) -> None:
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)


def act_until(office: Office, number: int, actions: tuple[dict[str, Any], ...]) -> None:
    office.act(*actions, step=KillAt(number))


def killed_at_every_step(new_office: Callable[[], Office], *actions: dict[str, Any]) -> Iterator[Office]:
    """An office for every step of these actions, whose process was killed right after that step."""
    for number in range(1, _MOST_STEPS):
        office = new_office()
        child = _CONTEXT.Process(target=act_until, args=(office, number, actions))
        child.start()
        child.join()
        assert child.exitcode in (0, -signal.SIGKILL)
        if child.exitcode == 0:
            return
        yield office
