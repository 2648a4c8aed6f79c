"""`mailroom consume STREAM`: mails from a Redis stream, at least once into the inbox, once into the outcomes.

An entry is a mail: a field `raw` with its bytes, or the columns `id`, `content`, `sender`, `subject` and
`target_language`. It is acknowledged when it is durable in the inbox. An entry that is no mail is moved to the stream
`STREAM:refused` with the reason. Consumers of one group share the stream; what a dead one held is taken over.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from deployments.inbox.announcer import Announcer
from tasks.mailbox.inbox import Put

_A_TIME = 100
_BLOCK_MS = 1_000
_DEAD_AFTER_MS = 60_000
_RECONNECT_S = 5.0
_COLUMNS = ("id", "content", "sender", "subject", "target_language")
log = logging.getLogger("mailroom.watch")

Entry = tuple[bytes, Mapping[bytes, bytes]]


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """One member of a consumer group."""

    redis: Redis
    stream: str
    put: Put
    group: str = "mailroom"
    name: str = f"{socket.gethostname()}-{os.getpid()}"

    async def consume(self, announcer: Announcer, told_to_end: asyncio.Event) -> None:
        """Put entries into the inbox until told to end; a lost connection is opened anew."""
        while not told_to_end.is_set():
            try:
                await self._join()
                log.info("Taking mails from stream %s as %s of group %s.", self.stream, self.name, self.group)
                while not told_to_end.is_set():
                    if taken := await self.take_some():
                        announcer.stored(taken)
            except (RedisError, OSError) as error:
                log.warning("Stream %s: %s; tried again in %.0f s.", self.stream, _kind(error), _RECONNECT_S)
                await _wait(told_to_end, _RECONNECT_S)

    async def _join(self) -> None:
        try:
            await self.redis.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):  # it is there already
                raise

    async def take_some(self) -> int:
        """How many entries were put into the inbox: ones of dead consumers, ones this one did not finish, new ones."""
        _, entries, *_ = await self.redis.xautoclaim(
            self.stream, self.group, self.name, min_idle_time=_DEAD_AFTER_MS, count=_A_TIME
        )
        entries = entries or await self._read("0", None) or await self._read(">", _BLOCK_MS)
        return sum(await asyncio.gather(*(self._take(entry) for entry in entries)))

    async def _read(self, after: str, block_ms: int | None) -> list[Entry]:
        found: Any = await self.redis.xreadgroup(
            self.group, self.name, {self.stream: after}, count=_A_TIME, block=block_ms
        )
        return [entry for _, entries in found for entry in entries if entry[1]]

    async def _take(self, entry: Entry) -> bool:
        entry_id, fields = entry
        mail = _mail_of(fields)
        if isinstance(mail, str):
            log.warning("Entry %s of stream %s was refused: %s.", entry_id.decode(), self.stream, mail)
            await self._refuse(entry, mail)
            return False
        raw, suffix = mail
        # The same entry again overwrites its own file.
        stream = hashlib.sha256(self.stream.encode()).hexdigest()[:12]
        await asyncio.to_thread(self.put, raw, f"stream-{stream}-{entry_id.decode()}{suffix}")
        await self.redis.xack(self.stream, self.group, entry_id)
        return True

    async def _refuse(self, entry: Entry, reason: str) -> None:
        entry_id, fields = entry
        async with self.redis.pipeline(transaction=True) as both:
            kept: dict[Any, Any] = {**fields, b"refused": reason.encode(), b"refused_id": entry_id}
            both.xadd(f"{self.stream}:refused", kept)
            both.xack(self.stream, self.group, entry_id)
            await both.execute()


def _mail_of(fields: Mapping[bytes, bytes]) -> tuple[bytes, str] | str:
    """The entry's mail and its file's ending, or why it is none."""
    raw = fields.get(b"raw")
    if raw is not None:
        return (raw, ".eml") if raw.strip() else "its `raw` is empty"
    if b"content" not in fields:
        return "it has neither `raw` nor `content`"
    row = {name: fields.get(name.encode(), b"").decode("utf-8", "replace") for name in _COLUMNS}
    row["id"] = row["id"] or hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()[:16]
    return json.dumps(row).encode() + b"\n", ".jsonl"


def _kind(error: Exception) -> str:
    if isinstance(error, RedisConnectionError | OSError):
        return f"Redis can't be reached ({type(error).__name__})"
    return f"Redis refused ({type(error).__name__}: {str(error)[:200]})"


async def _wait(told_to_end: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await told_to_end.wait()
    except TimeoutError:
        return
