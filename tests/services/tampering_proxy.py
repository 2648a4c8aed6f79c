"""A proxy on loopback that passes requests on, and lets a test change each reply."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aiohttp import ClientSession, TCPConnector, web

_NOT_PASSED_ON = {"host", "content-length", "accept-encoding", "transfer-encoding"}


@dataclass(frozen=True, kw_only=True)
class FarReply:
    """What the server behind the proxy answered."""

    method: str
    path: str
    status: int
    content: bytes
    content_type: str = "application/json"

    def but(self, content: bytes | str, status: int = 200, content_type: str = "application/json") -> FarReply:
        body = content.encode() if isinstance(content, str) else content
        return replace(self, content=body, status=status, content_type=content_type)


Change = Callable[[FarReply], FarReply]


@contextmanager
def tampering_proxy(target: str, change: Change) -> Iterator[str]:
    """The address of a proxy before `target`. Links to `target` in replies lead to the proxy."""
    started, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    url: list[str] = []

    async def serve() -> None:
        async with ClientSession(connector=TCPConnector(limit=0), auto_decompress=True) as session:

            async def answer(request: web.Request) -> web.StreamResponse:
                headers = {n: v for n, v in request.headers.items() if n.lower() not in _NOT_PASSED_ON}
                body = await request.read()
                async with session.request(request.method, target + request.path_qs, data=body, headers=headers) as far:
                    content = (await far.read()).replace(target.encode(), url[0].encode())
                reply = change(FarReply(method=request.method, path=request.path, status=far.status, content=content))
                return web.Response(
                    status=reply.status, body=reply.content,
                    headers={"content-type": reply.content_type, "x-mailroom-simulated": "1"},
                )  # fmt: skip

            application = web.Application(client_max_size=10**9)
            application.router.add_route("*", "/{path:.*}", answer)
            runner = web.AppRunner(application, handle_signals=False)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
            started.set()
            await ended.wait()
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert started.wait(20)
        yield url[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)
        loop.close()
