"""An IMAP relay on loopback that answers some commands itself, like a server that is temporarily unavailable."""

from __future__ import annotations

import re
import socketserver
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR, create_connection, socket

_TAG = re.compile(r"[A-Z]{4}\d+")  # imaplib's


@dataclass
class RefusingProxy:
    """Answers the next commands that `pattern` matches with `answers`, one each, and relays all else to `target`.

    An answer is what stands behind the tag, such as `NO [INUSE] Locked`; one that begins with `* BYE` also ends the
    connection, and one at the greeting (`pattern` is empty) takes the place of the greeting.
    """

    target: tuple[str, int]
    pattern: str
    answers: deque[str]
    port: int = 0
    refused: list[str] = field(default_factory=list)
    """The commands that were answered here."""

    def answer(self, command: str) -> str | None:
        """What is to be said to the command in the server's place; null when it is for the server."""
        if not self.answers or not re.search(self.pattern, command, re.IGNORECASE):
            return None
        self.refused.append(command)
        return self.answers.popleft()


@contextmanager
def refusing_proxy(host: str, port: int, pattern: str, *answers: str) -> Iterator[RefusingProxy]:
    """Run such a relay before that server; an empty pattern refuses at the greeting."""
    proxy = RefusingProxy((host, port), pattern or "^$", deque(answers))

    class Connection(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if (greeting := proxy.answer("")) is not None:
                self.wfile.write(f"{greeting}\r\n".encode())
                return
            with create_connection(proxy.target) as server:
                back = threading.Thread(target=_relay, args=(server, self.connection), daemon=True)
                back.start()
                with suppress(OSError):
                    self._relay_commands(server)
                    server.shutdown(SHUT_RDWR)
                back.join()

        def _relay_commands(self, server: socket) -> None:
            while line := self.rfile.readline():
                tag, _, command = line.decode("utf-8", "replace").strip().partition(" ")
                said = proxy.answer(command) if _TAG.fullmatch(tag) else None  # else a line of a literal
                if said is None:
                    server.sendall(line)
                elif said.startswith("* BYE"):
                    self.wfile.write(f"{said}\r\n".encode())
                    return
                else:
                    self.wfile.write(f"{tag} {said}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection) as relay:
        relay.daemon_threads = True
        proxy.port = relay.server_address[1]
        serving = threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield proxy
        finally:
            relay.shutdown()


def _relay(source: socket, sink: socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
