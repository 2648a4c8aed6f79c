"""A Redis stream. An entry has a field `raw` with a mail's bytes, or the columns `id`, `content`, `sender`, `subject`.

What is no mail is moved to the stream `STREAM:refused`, with the reason.
"""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from deployments.receiver.payload_formats import BadPayload, Spoolable, read_json, read_raw
from deployments.watch.queues.addresses import QueueAddress
from deployments.watch.queues.kinds import AT_ONCE, GIVEN_UP_AFTER_S, GROUP, WAIT_S, QueuedMail
from tasks.errors import Misconfigured

_COLUMNS = ("id", "content", "sender", "subject", "target_language")
Entry = tuple[bytes, Mapping[bytes, bytes]]


def open_address(address: QueueAddress) -> RedisStream:
    """The stream at this address."""
    try:
        redis = Redis.from_url(address.broker)
    except ValueError as error:  # the address is not repeated: it may hold a password
        raise Misconfigured("The address of a Redis stream must be like `redis://HOST:6379/0/STREAM`.") from error
    return RedisStream(redis, address.name, address.place)


class RedisStream:
    """One member of the stream's consumer group."""

    faults: tuple[type[Exception], ...] = (RedisError,)

    def __init__(self, redis: Redis, stream: str, place: str) -> None:
        self.place = place
        self._redis = redis
        self._stream = stream
        # The host's name for people; hosts and containers may share names and numbers of processes.
        self._member = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"

    async def open(self) -> None:
        """Join the group; the stream is made where it is not there yet."""
        try:
            await self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):  # it is there already
                raise

    async def take(self) -> Sequence[QueuedMail[Entry]]:
        """Entries of dead members, ones that this one did not finish, or new ones."""
        idle_ms = int(GIVEN_UP_AFTER_S * 1_000)
        claimed = await self._redis.xautoclaim(self._stream, GROUP, self._member, min_idle_time=idle_ms, count=AT_ONCE)
        entries = claimed[1] or await self._read("0", None) or await self._read(">", int(WAIT_S * 1_000))
        return [QueuedMail(identity=one[0].decode(), mail=_mail_of(one[1]), handle=one) for one in entries]

    async def _read(self, after: str, block_ms: int | None) -> list[Entry]:
        found: Any = await self._redis.xreadgroup(
            GROUP, self._member, {self._stream: after}, count=AT_ONCE, block=block_ms
        )
        # An entry that was trimmed while it was pending has no fields any more.
        return [entry for _, entries in found for entry in entries if entry[1]]

    async def acknowledge(self, mails: Sequence[QueuedMail[Entry]]) -> None:
        """Take them off the group's list of pending entries."""
        await self._redis.xack(self._stream, GROUP, *(one.handle[0] for one in mails))

    async def set_apart(self, mail: QueuedMail[Entry], reason: str) -> None:
        """Add it to `STREAM:refused`."""
        entry_id, fields = mail.handle
        kept: dict[Any, Any] = {**fields, b"refused": reason.encode(), b"refused_id": entry_id}
        await self._redis.xadd(f"{self._stream}:refused", kept)

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()


def _mail_of(fields: Mapping[bytes, bytes]) -> Spoolable | str:
    try:
        if b"raw" in fields:
            return read_raw(fields[b"raw"])
        if b"content" not in fields:
            return "it has neither `raw` nor `content`"
        row = {name: fields.get(name.encode(), b"").decode("utf-8", "replace") for name in _COLUMNS}
        return read_json(json.dumps(row).encode())
    except BadPayload as error:
        return str(error)
