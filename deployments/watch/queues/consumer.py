"""Carries mails from a queue into the inbox."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic

from deployments.inbox.announcer import Announcer
from deployments.receiver.payload_formats import Spoolable
from deployments.watch.queues.kinds import Handle, MailQueue, QueuedMail
from tasks.mailbox.inbox import Put

_RECONNECT_S = 5.0
log = logging.getLogger("mailroom.watch")


class InboxFault(Exception):
    """The inbox did not take a mail; what the disk said is in the message."""


@dataclass(frozen=True, kw_only=True)
class Consumer(Generic[Handle]):
    """One member of the group that shares the queue. A mail of more than `max_bytes` is set apart."""

    queue: MailQueue[Handle]
    put: Put
    max_bytes: int

    async def consume(self, announcer: Announcer, told_to_end: asyncio.Event) -> None:
        """Put mails into the inbox until told to end; a lost connection is opened anew."""
        again: tuple[type[Exception], ...] = (*self.queue.faults, OSError, InboxFault)
        while not told_to_end.is_set():
            try:
                await self.queue.open()
                log.info("Taking mails from %s.", self.queue.place)
                while not told_to_end.is_set():
                    await self.take_some(announcer.stored)
            except again as error:
                log.warning("%s: %s; tried again in %.0f s.", self.queue.place, _told(error), _RECONNECT_S)
                with suppress(*again):
                    await self.queue.close()
                await _wait(told_to_end, _RECONNECT_S)
        with suppress(*again):
            await self.queue.close()

    async def take_some(self, stored: Callable[[int], None]) -> int:
        """How many mails were made durable of what was taken; `stored` is told so, even where others failed.

        Raises:
            InboxFault: The disk did not take one; it stays in the queue.
        """
        taken = await self.queue.take()
        results = await asyncio.gather(*(self._settle(one) for one in taken), return_exceptions=True)
        settled = [one for one, result in zip(taken, results, strict=True) if not isinstance(result, BaseException)]
        if settled:
            await self.queue.acknowledge(settled)
        if mails := sum(result for result in results if isinstance(result, int)):
            stored(mails)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return mails

    async def _settle(self, one: QueuedMail[Handle]) -> int:
        """How many mails of it are durable now; none where it is set apart."""
        mail = one.mail
        if isinstance(mail, Spoolable) and len(mail.raw) > self.max_bytes:
            mail = f"it has more than {self.max_bytes:,} bytes (MAILROOM_WATCH_MAX_FILE_BYTES)"
        if isinstance(mail, str):
            log.warning("An entry of %s was set apart: %s.", self.queue.place, mail)
            await self.queue.set_apart(one, mail)
            return 0
        try:
            await asyncio.to_thread(self.put, mail.raw, self._file_name(one.identity, mail))
        except OSError as error:
            raise InboxFault(f"the inbox cannot be written: {error.strerror or type(error).__name__}") from error
        return mail.mails

    def _file_name(self, identity: str, mail: Spoolable) -> str:
        """The same for the same entry, which overwrites its own file; another queue's entry never has it."""
        queue = hashlib.sha256(self.queue.place.encode()).hexdigest()[:12]
        content = hashlib.sha256(mail.raw).hexdigest()[:24]
        return "-".join(filter(None, ("queue", queue, identity, content))) + mail.suffix


def _told(error: Exception) -> str:
    if isinstance(error, InboxFault):
        return str(error)
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


async def _wait(told_to_end: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await told_to_end.wait()
