"""A process that feeds the inbox until a signal ends it. It announces what it stores, and finishes what it began."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

from deployments.inbox.announcer import Announcer
from deployments.inbox.background import running

Work = Callable[[Announcer, asyncio.Event], Awaitable[None]]
"""Feeds the inbox until the event is set, and reports stored mails to the announcer."""


def feed(make_announcer: Callable[[], Announcer], work: Work) -> None:
    """Run `work` until SIGTERM or SIGINT, and return when it has finished what it began."""
    asyncio.run(_feed(make_announcer, work))


async def _feed(make_announcer: Callable[[], Announcer], work: Work) -> None:
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    announcer = make_announcer()
    async with running(announcer.run()):
        await work(announcer, told_to_end)
