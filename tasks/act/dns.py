"""Looks up TXT records in DNS, for DKIM keys. Results are cached; there are no queries while DNS is unavailable."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

_KEPT_S = 300.0
_TIMEOUT_S = 2
_GIVE_UP_AFTER = 3


class TxtLookup:
    """Caches records for five minutes. After three failures in a row, it sends no queries for a minute.

    Otherwise a machine without DNS would wait at every signed mail.
    """

    def __init__(self, ask: Callable[[bytes], bytes | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[bytes, tuple[float, bytes | None]] = {}
        self._failures = 0
        self._silent_until = 0.0
        self._lock = Lock()

    def __call__(self, name: bytes) -> bytes | None:
        """The record; null where there is none or DNS is unavailable."""
        now = self._clock()
        with self._lock:
            asked, record = self._known.get(name, (-_KEPT_S, None))
            if now - asked < _KEPT_S or now < self._silent_until:
                return record
        try:
            record = self._ask(name)
        except Exception:
            self._note_failure(now)
            return None
        with self._lock:
            self._failures = 0
            self._known[name] = now, record
        return record

    def _note_failure(self, now: float) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= _GIVE_UP_AFTER:
                self._failures, self._silent_until = 0, now + 60


def _from_dns(name: bytes) -> bytes | None:
    import dkim  # 5 MB, which few runs need

    found: bytes | None = dkim.get_txt(name, _TIMEOUT_S)
    return found


look_up_txt = TxtLookup(_from_dns)
