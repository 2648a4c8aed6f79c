"""Chooses which of a provider's keys is used: each in turn, a rejected one only after a pause."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from tasks.errors import Unusable

log = logging.getLogger("mailroom.providers")


class KeyRotation:
    """The keys of one provider, known by their index only.

    Turns follow the clock, so that all processes use the same key at the same time. `count` 0 (an endpoint that needs
    no key) is treated as 1.
    """

    def __init__(
        self, provider: str, count: int, *, turn_s: float, rest_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._provider = provider
        self._count = max(1, count)
        self._turn_s = turn_s
        self._rest_s = rest_s
        self._clock = clock
        self._resting: dict[int, tuple[float, Unusable]] = {}
        self._last: int | None = None

    def current(self) -> int:
        """The index of the key to use now.

        Raises:
            Unusable: All keys were rejected. It is the error of the latest rejection.
        """
        now = self._clock()
        first = int(now // self._turn_s) % self._count
        for step in range(self._count):
            index = (first + step) % self._count
            if index not in self._resting or self._resting[index][0] <= now:
                self._say(index)
                return index
        _, error = max(self._resting.values(), key=lambda rest: rest[0])
        raise type(error)(*error.args, provider=self._provider, status=error.status, request_id=error.request_id)

    def rest(self, index: int, error: Unusable) -> bool:
        """Pause a rejected key; return whether another one can be used."""
        now = self._clock()
        self._resting[index] = (now + self._rest_s, error)
        log.warning(
            "provider %s: key %d of %d rests for %.0f s (%s). %s",
            self._provider, index + 1, self._count, self._rest_s, error.code, error.advice,
        )  # fmt: skip
        return any(self._resting.get(other, (0.0, error))[0] <= now for other in range(self._count))

    def _say(self, index: int) -> None:
        if index != self._last and self._count > 1:
            log.info("provider %s: key %d of %d is used now", self._provider, index + 1, self._count)
        self._last = index
