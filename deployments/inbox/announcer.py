"""Announces to Prefect that mail has arrived, and repeats that while mail is left in the inbox."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from deployments.inbox.gathering import Gathering
from deployments.inbox.resting import Rest
from tasks.settings.inbox import GatherSettings

_LAST_WORD_S = 3.0
log = logging.getLogger("mailroom.inbox")


async def never() -> Rest | None:
    """A source that never rests."""
    return None


class Announcer:
    """Announces stored mails. There is one for each process, used on one event loop.

    `announce` gets the number of mails that wait, and raises if Prefect did not accept the event. `waiting` counts the
    inbox's files. `rest` says that no run is to be started now.
    """

    def __init__(
        self,
        settings: GatherSettings,
        announce: Callable[[int], Awaitable[None]],
        waiting: Callable[[], int],
        rest: Callable[[], Awaitable[Rest | None]] = never,
    ) -> None:
        self._gathering = Gathering(settings, time.monotonic())
        self._announce = announce
        self._waiting = waiting
        self._rest = rest
        self._said = ""
        self._news = asyncio.Event()

    def stored(self, mails: int) -> None:
        """Count mails that were stored durably."""
        self._gathering.add(mails, time.monotonic())
        self._news.set()

    async def run(self) -> None:
        """Announce mails until cancelled. Then the rest is announced, if that is possible quickly."""
        try:
            while True:
                await self._until_due()
                await self._look()
        finally:
            if self._gathering.fresh:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LAST_WORD_S):
                        await self._look()

    async def _until_due(self) -> None:
        while (left := self._gathering.due_at() - time.monotonic()) > 0:
            self._news.clear()
            # Not `wait_for`: in Python 3.11 it loses a cancellation that arrives at the same time as the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()

    async def _look(self) -> None:
        fresh = self._gathering.fresh  # more may arrive during the announcement
        try:
            mails = await asyncio.to_thread(self._waiting)
            if mails and (rest := await self._rest()):
                self._gathering.rests(rest.look_in_s, time.monotonic())
                self._say(mails, rest.why)
            elif mails:
                await self._announce(mails)
                self._gathering.announced(fresh, time.monotonic())
                log.info("Announced %d waiting in the inbox.", mails)
            else:
                self._gathering.found_empty(fresh, time.monotonic())
        except Exception as error:
            # Whatever the error is, the mail is safe in the inbox and is announced again soon.
            self._gathering.failed(time.monotonic())
            log.warning(
                "New mail could not be announced to Prefect (%s); it is kept and announced again.", _kind(error)
            )

    def _say(self, mails: int, why: str) -> None:
        """Log why no run is started, once for each reason."""
        if why and why != self._said:
            log.warning("%d waiting in the inbox. %s", mails, why)
        self._said = why or self._said


def _kind(error: Exception) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
