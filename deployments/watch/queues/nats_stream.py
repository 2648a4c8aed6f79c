"""A stream of NATS JetStream. A message is a raw mail, or JSON as the receiver takes it.

What is no mail goes to the stream `STREAM-refused` (subject `refused.STREAM`), with the reason in the header
`Mailroom-Refused`. Both streams are used as they are; one that is not there is made, `STREAM` with the subject of its
name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from deployments.watch.queues.addresses import QueueAddress
from deployments.watch.queues.kinds import AT_ONCE, GIVEN_UP_AFTER_S, GROUP, WAIT_S, QueuedMail, read_body

_CONNECT_S = 10


def open_address(address: QueueAddress) -> NatsStream:
    """The stream at this address."""
    credentials, at, _ = address.parts.netloc.rpartition("@")
    servers = [f"{address.parts.scheme}://{credentials}{at}{host}" for host in address.hosts]
    return NatsStream(servers, address.name, address.place)


class NatsStream:
    """One of those who pull from the stream's durable consumer."""

    faults: tuple[type[Exception], ...] = (Error, TimeoutError)

    def __init__(self, servers: list[str], stream: str, place: str) -> None:
        self.place = place
        self._servers = servers
        self._stream = stream
        self._client: Client | None = None

    async def open(self) -> None:
        """Connect, and make the durable consumer where it is not there yet."""
        self._client = await nats.connect(
            self._servers,
            connect_timeout=_CONNECT_S,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            error_cb=_leave_it,
        )
        self._streams = self._client.jetstream()
        await self._make(self._stream, self._stream)
        await self._make(f"{self._stream}-refused", self._refused)
        try:
            await self._streams.consumer_info(self._stream, GROUP)
        except NotFoundError:
            wanted = ConsumerConfig(durable_name=GROUP, ack_policy=AckPolicy.EXPLICIT, ack_wait=GIVEN_UP_AFTER_S)
            await self._streams.add_consumer(self._stream, wanted)
        self._pull = await self._streams.pull_subscribe_bind(durable=GROUP, stream=self._stream)

    @property
    def _refused(self) -> str:
        return f"refused.{self._stream}"

    async def _make(self, stream: str, subject: str) -> None:
        try:
            await self._streams.stream_info(stream)
        except NotFoundError:
            await self._streams.add_stream(name=stream, subjects=[subject])

    async def take(self) -> Sequence[QueuedMail[Msg]]:
        """What has come, and what was not acknowledged in time."""
        try:
            messages = await self._pull.fetch(AT_ONCE, timeout=WAIT_S)
        except TimeoutError:
            # A consumer that was deleted, or a connection that is lost, would look like a stream with nothing new.
            await self._streams.consumer_info(self._stream, GROUP)
            return []
        return [
            QueuedMail(identity=str(one.metadata.sequence.stream), mail=read_body(one.data), handle=one)
            for one in messages
        ]

    async def acknowledge(self, mails: Sequence[QueuedMail[Msg]]) -> None:
        """Return when the server has noted it."""
        await asyncio.gather(*(one.handle.ack_sync() for one in mails))

    async def set_apart(self, mail: QueuedMail[Msg], reason: str) -> None:
        """Return when `STREAM-refused` has it."""
        headers = {**(mail.handle.headers or {}), "Mailroom-Refused": reason}
        await self._streams.publish(self._refused, mail.handle.data, headers=headers)

    async def close(self) -> None:
        """Disconnect; what was not acknowledged is given out again when its time is over."""
        if self._client:
            await self._client.close()


async def _leave_it(error: Exception) -> None:
    """The client tells of an error here that it raises as well, where it matters."""
