"""A faulty provider: forwards requests to the simulator, and refuses, fails or disconnects at given rates.

It counts what it made (the simulator answered, so it would be on the bill) and what it delivered to the last byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, TCPConnector, web

_RETRY_AFTER_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Moods:
    """Shares of requests.

    A `cut` request is answered, but the connection ends in the middle of the answer. A `shortened` one is answered and
    billed up to a token limit.
    """

    too_many: float = 0.0
    broken: float = 0.0
    cut: float = 0.0
    shortened: float = 0.0
    latency_s: float = 0.0


@dataclass
class FaultyProxy:
    """A running one; its counts may be read from other threads."""

    target: str
    moods: Moods
    seed: int
    url: str = ""
    statuses: Counter[int] = field(default_factory=Counter)
    cuts: int = 0
    made: Counter[str] = field(default_factory=Counter)
    """Answers made, by a digest of what was asked."""
    tokens: dict[str, int] = field(default_factory=dict)
    """Tokens of each question's answer, by that digest; the simulator always gives the same."""
    delivered_tokens: int = 0
    bills: list[tuple[str, int, int]] = field(default_factory=list)
    """Model, input tokens and output tokens of each answer delivered."""
    begun: list[float] = field(default_factory=list)
    """When each request came, in seconds since 1970."""
    alarm_at: int = 0
    """How many answers are to be made before `alarm` is set."""
    alarm: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._came = threading.Condition()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        with self._came:
            self.begun.append(time.time())
            self._came.notify_all()
        body = await request.read()
        mood = self._dice.random()
        if mood < self.moods.too_many:
            # Only some providers say for how long.
            headers = {"retry-after": str(_RETRY_AFTER_S)} if mood < self.moods.too_many / 2 else {}
            return self._error(429, "slow down", headers)
        if mood < self.moods.too_many + self.moods.broken:
            return self._error(self._dice.choice([500, 502, 503]), "broken", {})
        await asyncio.sleep(self.moods.latency_s)
        async with self._session.post(
            self.target + request.path_qs, data=body, headers={"authorization": request.headers["authorization"]} |
            {"content-type": "application/json"},
        ) as reply:  # fmt: skip
            content = await reply.read()
            headers = {"content-type": "application/json", "x-mailroom-simulated": "1"}
            status = reply.status
        tokens = self._count(body, content)
        if mood < self.moods.too_many + self.moods.broken + self.moods.cut:
            return await self._hang_up(request, content)
        if self._dice.random() < self.moods.shortened:
            content = _shortened(content)
        self.statuses[status] += 1
        self.delivered_tokens += tokens
        self.bills.append(_bill(content))
        return web.Response(status=status, body=content, headers=headers)

    async def serve(self, started: threading.Event, ended: asyncio.Event) -> None:
        application = web.Application()
        application.router.add_post("/{path:.*}", self.answer)
        runner = web.AppRunner(application, handle_signals=False)
        async with ClientSession(connector=TCPConnector(limit=0)) as self._session:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            started.set()
            await ended.wait()
            await runner.cleanup()

    def wait_for(self, requests: int, timeout_s: float = 120.0) -> None:
        """Return when so many requests have come.

        Raises:
            TimeoutError: They have not.
        """
        with self._came:
            if not self._came.wait_for(lambda: len(self.begun) >= requests, timeout_s):
                raise TimeoutError(f"{len(self.begun)} of {requests} requests came")

    def ring_after(self, answers: int) -> threading.Event:
        """An event that is set once so many more answers were made."""
        self.alarm = threading.Event()
        self.alarm_at = self.made.total() + answers
        return self.alarm

    def _count(self, body: bytes, content: bytes) -> int:
        usage = json.loads(content)["usage"]
        tokens = int(usage["prompt_tokens"]) + int(usage["completion_tokens"])
        digest = hashlib.sha256(body).hexdigest()
        self.made[digest] += 1
        self.tokens[digest] = tokens
        if self.made.total() == self.alarm_at:
            self.alarm.set()
        return tokens

    async def _hang_up(self, request: web.Request, content: bytes) -> web.StreamResponse:
        self.cuts += 1
        response = web.StreamResponse(headers={"content-length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        assert request.transport is not None
        request.transport.abort()
        return response

    def _error(self, status: int, message: str, headers: dict[str, str]) -> web.Response:
        self.statuses[status] += 1
        return web.json_response(
            {"error": {"message": message, "type": "x", "code": None}}, status=status, headers=headers
        )


def _shortened(content: bytes) -> bytes:
    answer = json.loads(content)
    choice = answer["choices"][0]
    choice["finish_reason"], text = "length", choice["message"]["content"]
    choice["message"]["content"] = text[: len(text) // 2]
    return json.dumps(answer).encode()


def _bill(content: bytes) -> tuple[str, int, int]:
    answer = json.loads(content)
    return answer["model"], int(answer["usage"]["prompt_tokens"]), int(answer["usage"]["completion_tokens"])


@contextmanager
def faulty_proxy(target: str, moods: Moods, *, seed: int = 1) -> Iterator[FaultyProxy]:
    """One before the simulator at `target`, on a thread of its own, ended afterwards."""
    proxy, started = FaultyProxy(target, moods, seed), threading.Event()
    loop, ended = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(started, ended),), daemon=True)
    thread.start()
    try:
        if not started.wait(20):
            raise RuntimeError("The proxy did not start.")
        yield proxy
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)
        loop.close()
