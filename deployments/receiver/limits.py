"""Limits posts per second from one address, and the bytes that all posts together hold in memory."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

_ADDRESSES = 10_000


class RateLimit:
    """Limits the posts per second from each address, with a burst. Stored as each address's next free time (GCRA)."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._interval_s = 1 / per_s
        # Half an interval is added, because sums of fractions may be slightly too small.
        self._ahead_s = (burst - 0.5) / per_s
        self._free_at: dict[str, float] = {}

    def wait_s(self, address: str, now: float) -> float:
        """The seconds that this address must wait; 0 means that its post is counted."""
        network = network_of(address)
        free_at = max(self._free_at.get(network, now), now)
        if free_at - now > self._ahead_s:
            return free_at - now - self._ahead_s
        if len(self._free_at) >= _ADDRESSES:
            self._free_at = {name: at for name, at in self._free_at.items() if at > now}
        self._free_at[network] = free_at + self._interval_s
        return 0.0


def network_of(address: str) -> str:
    """The network that counts as one address. An IPv6 host has at least a /64 and can use all of its addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


class Full(Exception):
    """There is no room for another post now."""


class Room:
    """Bytes that all posts together may hold in memory."""

    def __init__(self, size_bytes: int) -> None:
        self._free = size_bytes

    @contextmanager
    def hold(self) -> Iterator[Held]:
        """Yield an allocation that can grow. It is released at the end of the block."""
        held = Held(self)
        try:
            yield held
        finally:
            self._free += held.size_bytes

    def take(self, size_bytes: int) -> None:
        """Allocate this many more bytes.

        Raises:
            Full: There are not that many left.
        """
        if size_bytes > self._free:
            raise Full
        self._free -= size_bytes


class Held:
    """The bytes that one post holds."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size_bytes = 0

    def grow(self, size_bytes: int) -> None:
        """Hold this many more bytes.

        Raises:
            Full: There is no room for them.
        """
        self._room.take(size_bytes)
        self.size_bytes += size_bytes
