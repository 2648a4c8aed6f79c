"""A TCP relay on loopback that cuts connections after so many bytes from the server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class CuttingProxy:
    """Cuts the first connections after `limits` bytes each; those after them are left alone."""

    target: tuple[str, int]
    limits: Sequence[int]
    connections: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Relay until closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                limit = self.limits[self.connections] if self.connections < len(self.limits) else None
                self.connections += 1
                server = socket.create_connection(self.target)
                for source, sink, bound in ((client, server, None), (server, client, limit)):
                    threading.Thread(target=_relay, args=(source, sink, bound), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        # An accept that waits is not woken by close alone.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def cutting_proxy(host: str, port: int, limits: Sequence[int]) -> Iterator[CuttingProxy]:
    """Run a relay to that server."""
    proxy = CuttingProxy((host, port), limits)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()


def _relay(source: socket.socket, sink: socket.socket, limit: int | None) -> None:
    left = limit
    with suppress(OSError):
        while piece := source.recv(65_536):
            if left is not None and len(piece) >= left:
                sink.sendall(piece[:left])
                break
            left = None if left is None else left - len(piece)
            sink.sendall(piece)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
