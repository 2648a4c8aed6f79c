"""Stops of runs: after a stop, a run sends no more requests, and its waits end at once.

A signal, a person or a lost lease stops a run. All parts of the run in this process check its one `Stop`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import lru_cache

from tasks.errors import Stopped


class Stop:
    """Whether one run must end, and why. It can be set and read from any thread.

    Pickled, it is the run's `Stop` of the process that reads it, and not a copy.
    """

    def __init__(self, run_id: str = "") -> None:
        self.run_id = run_id
        self.why = ""
        self.at_once = False
        """Whether calls in flight are no longer waited for."""
        self._event = threading.Event()
        self._sleepers: set[asyncio.Future[None]] = set()
        self._followers: list[Follower] = []
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Callable[[str], Stop], tuple[str]]:
        return stop_of, (self.run_id,)

    def set(self, why: str) -> None:
        """Stop the run. The first reason is kept."""
        with self._lock:
            self.why = self.why or why
            self._event.set()
            sleepers = list(self._sleepers)
        for sleeper in sleepers:
            sleeper.get_loop().call_soon_threadsafe(_wake, sleeper)
        self._tell_followers()

    def cut_off(self) -> None:
        """Wait for no more calls in flight: those who follow this stop, such as other processes, cancel them."""
        self.at_once = True
        self._tell_followers()

    def follow(self, follower: Follower) -> None:
        """Have the follower called when this is set or cut off; at once, if it is set already."""
        with self._lock:
            self._followers.append(follower)
        if self.is_set():
            follower(self)

    def unfollow(self, follower: Follower) -> None:
        with self._lock:
            self._followers.remove(follower)

    def _tell_followers(self) -> None:
        with self._lock:
            followers = list(self._followers)
        for follower in followers:
            follower(self)

    def is_set(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Do nothing until the run must end.

        Raises:
            Stopped: The run must end.
        """
        if self._event.is_set():
            raise Stopped(f"The run was stopped: {self.why}.")

    def wait(self, seconds: float) -> bool:
        """Wait in this thread for at most so many seconds, and return whether the run must end."""
        return self._event.wait(seconds)

    async def sleep(self, seconds: float) -> None:
        """Sleep so many seconds, or until the run must end.

        Raises:
            Stopped: The run must end.
        """
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._sleepers.add(sleeper)
        timer = loop.call_later(0.0 if self._event.is_set() else seconds, _wake, sleeper)
        try:
            await sleeper
        finally:
            timer.cancel()
            with self._lock:
                self._sleepers.discard(sleeper)
        self.check()


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


@lru_cache(maxsize=256)
def stop_of(run_id: str) -> Stop:
    """The run's one `Stop` in this process."""
    return Stop(run_id)


Follower = Callable[[Stop], None]
