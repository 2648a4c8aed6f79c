"""Silent, slow or endless clients do not keep others from posting.

These tests use raw sockets and a receiver of their own.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest
import uvicorn
from fastapi import FastAPI, Request

from deployments.receiver.connections import Connections, GuardedProtocol

BEGUN = b"POST /webhooks/mail HTTP/1.1\r\nHost: localhost\r\n"


def small_app() -> FastAPI:
    """An application that says who it takes for its client, and how long the body was."""
    app = FastAPI()

    @app.post("/webhooks/mail")
    async def post(request: Request) -> dict[str, object]:
        return {"from": request.client and request.client.host, "length": len(await request.body())}

    return app


class Door:
    """A server on a port of its own, and the sockets that a test opens to it."""

    def __init__(self, connections: Connections, stack: ExitStack) -> None:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = listener.getsockname()[1]
        self._stack = stack
        server = uvicorn.Server(
            uvicorn.Config(
                small_app(), http=partial(GuardedProtocol, connections), ws="none", log_config=None,
                h11_max_incomplete_event_size=32_768, lifespan="off",
            )
        )  # fmt: skip
        server.install_signal_handlers = lambda: None
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, server, "should_exit", True)

    def open(self, said: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
        made = self._stack.enter_context(
            socket.create_connection(("127.0.0.1", self.port), 20, source_address=(source, 0))
        )
        made.sendall(said)
        return made

    def post(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", "/webhooks/mail", b"mail")
        status = connection.getresponse().status
        connection.close()
        return status


@pytest.fixture
def door() -> Iterator[Callable[..., Door]]:
    with ExitStack() as stack:
        yield lambda **limits: Door(Connections(**limits), stack)


def ended(connection: socket.socket) -> bool:
    """Whether the server closed it; waits for that, or fails by the socket's time limit."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return True


def is_refused(connection: socket.socket, more: bytes, pause_s: float = 0) -> bool:
    """Whether the server closes the connection while it is sent more and more."""
    try:
        for _ in range(10_000):
            connection.sendall(more)
            threading.Event().wait(pause_s)
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


def test_an_endless_header_is_refused_and_others_are_heard(door):
    here = door()
    endless = here.open(BEGUN + b"X-Filler: ")
    assert is_refused(endless, b"a" * 10_000)
    assert here.post() == 200


def test_a_header_without_end_of_many_lines_is_refused(door):
    flood = door().open(BEGUN + b"".join(b"X-%d: aaaaaaaaaaaaaaaaaaaa\r\n" % number for number in range(1_500)))
    assert flood.recv(100).startswith(b"HTTP/1.1 400")


def test_a_header_that_trickles_is_cut_at_the_deadline(door):
    trickle = door(headers_s=0.5).open(BEGUN + b"X-Slow: ")
    assert is_refused(trickle, b"a", pause_s=0.01)


def test_who_says_nothing_is_closed(door):
    assert ended(door(headers_s=0.2).open())


def test_the_second_request_of_a_connection_has_a_deadline_too(door):
    connection = door(headers_s=0.5).open(BEGUN + b"Content-Length: 2\r\n\r\nhi" + BEGUN)
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
    assert ended(connection)


def test_a_body_may_take_longer_than_the_headers(door):
    connection = door(headers_s=0.3).open(BEGUN + b"Content-Length: 2\r\n\r\nh")
    threading.Event().wait(0.6)
    connection.sendall(b"i")
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_the_silent_make_room_for_those_who_post(door):
    here = door(in_all=50, of_one=20)
    silent = [here.open() for _ in range(200)]
    assert {here.post() for _ in range(20)} == {200}
    assert all(ended(connection) for connection in silent[:150])


def test_who_has_begun_a_post_is_not_closed_for_others(door):
    here = door(in_all=50, of_one=4)
    posting = here.open(BEGUN + b"Content-Length: 2\r\n\r\nh")
    assert here.post() == 200  # by now the first was read
    for _ in range(20):
        here.open()
    posting.sendall(b"i")
    assert posting.recv(65_536).startswith(b"HTTP/1.1 200")


def test_one_address_with_many_posts_under_way_leaves_room_for_another(door):
    here = door(in_all=50, of_one=3)
    posting = [here.open(BEGUN + b"Content-Length: 2\r\n\r\nh", "127.0.0.2") for _ in range(3)]
    assert here.post() == 200
    assert ended(here.open(source="127.0.0.2"))
    for one in posting:
        one.sendall(b"i")
        assert one.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_proxy_may_have_more_than_one_address_may(door):
    here = door(proxies=("127.0.0.2/32",), in_all=50, of_one=3)
    posting = [here.open(BEGUN + b"Content-Length: 2\r\n\r\nh", "127.0.0.2") for _ in range(9)]
    for one in posting:
        one.sendall(b"i")
        assert one.recv(65_536).startswith(b"HTTP/1.1 200")
