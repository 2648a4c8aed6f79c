"""A small HTTP server on loopback that keeps what is posted to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


@dataclass
class HttpSink:
    """`posts` holds (path, headers, body); `answer` is the status and headers it answers with."""

    url: str = ""
    answer: tuple[int, dict[str, str]] = (200, {})
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def running_http_sink() -> Iterator[HttpSink]:
    """A running server with nothing in it."""
    sink = HttpSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            sink.posts.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = sink.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def http_sink() -> Iterator[HttpSink]:
    """A running server with nothing in it."""
    with running_http_sink() as sink:
        yield sink
