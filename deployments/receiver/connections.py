"""Limits open connections, in total and from one address, and the time in which a request's headers must arrive."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections import Counter
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from deployments.receiver.limits import network_of

IN_ALL = 800  # of the usual 1,024 file descriptors; the rest is for storing mail
OF_ONE_ADDRESS = 400
HEADERS_S = 10.0
_AT_ONCE = 200  # accepted at once: far fewer than may be open, so that a new one can send before it must make room
_QUEUE = 4_096  # connections that wait in the kernel; a rejected one is tried again after a second


class GuardedServer(uvicorn.Server):
    """A server for which many connections may wait, and which accepts few of them at a time."""

    def __init__(self, config: uvicorn.Config) -> None:
        config.backlog = _AT_ONCE  # asyncio uses one number for both
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        servers = self.servers if self.started else []
        for listener in (one for server in servers for one in server.sockets):
            with socket.socket(fileno=os.dup(listener.fileno())) as same:
                same.listen(_QUEUE)


class Connections:
    """The open connections of this process. If there are too many, one without a complete request is closed.

    The oldest such connection is closed, so that silent connections never displace active ones. The connections of
    `proxies` (networks) are counted only in total, because they belong to many senders.
    """

    def __init__(
        self, proxies: tuple[str, ...] = (), *, in_all: int = IN_ALL, of_one: int = OF_ONE_ADDRESS,
        headers_s: float = HEADERS_S,
    ) -> None:  # fmt: skip
        self._proxies = [ipaddress.ip_network(proxy) for proxy in proxies]
        self._in_all = in_all
        self._of_one = of_one
        self.headers_s = headers_s
        self._open: dict[GuardedProtocol, str] = {}
        self._count: Counter[str] = Counter()
        self._waiting: dict[GuardedProtocol, None] = {}  # in the order in which they began to wait

    def admit(self, connection: GuardedProtocol, address: str) -> bool:
        """Return whether there is room for this connection. If so, it waits for its first request."""
        network = network_of(address)
        if self._count[network] >= self._of_one and not self._is_proxy(address):
            fits = self._close_one(network)
        else:
            fits = len(self._open) < self._in_all or self._close_one(None)
        if fits:
            self._open[connection] = network
            self._count[network] += 1
            self._waiting[connection] = None
        return fits

    def note(self, connection: GuardedProtocol, *, waiting: bool) -> None:
        """Record whether the connection waits for a request's headers now."""
        if not waiting:
            self._waiting.pop(connection, None)
        elif connection in self._open:
            self._waiting.setdefault(connection)

    def leave(self, connection: GuardedProtocol) -> None:
        """Remove a closed connection. An unknown one is ignored."""
        self._waiting.pop(connection, None)
        network = self._open.pop(connection, None)
        if network is not None:
            self._count[network] -= 1
            if not self._count[network]:
                del self._count[network]

    def _close_one(self, network: str | None) -> bool:
        found = next((one for one in self._waiting if network in (None, self._open[one])), None)
        if found is None:
            return False
        self.leave(found)
        found.transport.abort()
        return True

    def _is_proxy(self, address: str) -> bool:
        try:
            return any(ipaddress.ip_address(address) in proxy for proxy in self._proxies)
        except ValueError:
            return False


class GuardedProtocol(H11Protocol):
    """HTTP over one connection. It is closed if a request's headers are not complete within `headers_s`.

    uvicorn's own time limit ends with the first byte.
    """

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._connections.admit(self, self.client[0] if self.client else ""):
            self._watch()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        self._end_watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        waiting = self.cycle is None or self.cycle.response_complete
        self._connections.note(self, waiting=waiting)
        if not waiting:
            self._end_watch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self._connections.headers_s, self.transport.abort)

    def _end_watch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
