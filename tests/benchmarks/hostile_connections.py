"""Hostile connections during normal posts: silent ones, half-open ones, and one with an endless header.

It also measures how `/health` answers meanwhile.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_BEGUN = b"POST /webhooks/mail HTTP/1.1\r\nHost: localhost\r\nX-Half: "
_AGAIN_S = 5.0
_HEALTH_EVERY_S = 0.25
_NEVER_S = 60.0


@asynccontextmanager
async def hostile_connections(port: int, each: int) -> AsyncIterator[list[float]]:
    """Hold `each` silent and `each` half-open connections, opened anew when closed, and one endless header.

    Gives the answer times of `/health` in s, which grow meanwhile; no answer, or one that is no 200, counts as 60 s.
    """
    health_s: list[float] = []
    tasks = [asyncio.create_task(_hold(port, said)) for said in (b"", _BEGUN) for _ in range(each)]
    tasks += [asyncio.create_task(_endless(port)), asyncio.create_task(_watch_health(port, health_s))]
    await asyncio.sleep(1)  # all of them stand
    try:
        yield health_s
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hold(port: int, said: bytes) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(said)
                await reader.read()
            finally:
                writer.close()
        await asyncio.sleep(_AGAIN_S)


async def _endless(port: int) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_BEGUN)
            try:
                while True:
                    writer.write(b"a" * 10_000)
                    await writer.drain()
            finally:
                writer.close()
        await asyncio.sleep(0.1)


async def _watch_health(port: int, health_s: list[float]) -> None:
    while True:
        # In a thread: this process's own event loop, busy with all the others, must not count.
        health_s.append(await asyncio.to_thread(_ask_health, port))
        await asyncio.sleep(_HEALTH_EVERY_S)


def _ask_health(port: int) -> float:
    began = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=_NEVER_S):
            return time.monotonic() - began
    except OSError:
        return _NEVER_S
