"""A queue of RabbitMQ, or of another broker that speaks AMQP 0-9-1.

A message is a raw mail, or JSON as the receiver takes it. What is no mail goes to the queue `QUEUE.refused`, with the
reason in the header `refused`. Both queues are used as they are; one that is not there is made, durable and of the kind
`quorum`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import takewhile

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, ChannelNotFoundEntity

from deployments.watch.queues.addresses import QueueAddress
from deployments.watch.queues.kinds import AT_ONCE, WAIT_S, QueuedMail, read_body

_CONNECT_S = 10.0


def open_address(address: QueueAddress) -> AmqpQueue:
    """The queue at this address."""
    return AmqpQueue(address.broker, address.name, address.place)


class AmqpQueue:
    """One of the queue's consumers."""

    faults: tuple[type[Exception], ...] = (AMQPError, ChannelInvalidStateError, TimeoutError)

    def __init__(self, broker: str, queue: str, place: str) -> None:
        self.place = place
        self._broker = broker
        self._queue = queue
        self._connection: AbstractConnection | None = None

    async def open(self) -> None:
        """Connect and let messages come, no more than are taken at once."""
        self._connection = await aio_pika.connect(self._broker, timeout=_CONNECT_S)
        for name in (self._queue, self._refused):
            await _make(self._connection, name)
        self._channel: AbstractChannel = await self._connection.channel()
        await self._channel.set_qos(prefetch_count=AT_ONCE)
        self._arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._held: list[AbstractIncomingMessage] = []
        await (await self._channel.get_queue(self._queue)).consume(self._arrived.put)

    @property
    def _refused(self) -> str:
        return f"{self._queue}.refused"

    async def take(self) -> Sequence[QueuedMail[AbstractIncomingMessage]]:
        """What has come. A message has no name that lasts, but what one says does."""
        try:
            async with asyncio.timeout(WAIT_S):
                messages = [await self._arrived.get()]
        except TimeoutError:
            # A queue that was deleted, or a connection that is lost, would look like one that is empty.
            await self._channel.declare_queue(self._queue, passive=True)
            return []
        while len(messages) < AT_ONCE and not self._arrived.empty():
            messages.append(self._arrived.get_nowait())
        self._held += messages
        return [QueuedMail(identity="", mail=read_body(one.body), handle=one) for one in messages]

    async def acknowledge(self, mails: Sequence[QueuedMail[AbstractIncomingMessage]]) -> None:
        """Acknowledge in one word what came first without a gap, the rest one by one.

        RabbitMQ may forget some of many acknowledgements in a row when the connection closes right after them
        (rabbitmq-server 10327); those mails would come again.
        """
        tags = {one.handle.delivery_tag for one in mails}
        first = list(takewhile(lambda message: message.delivery_tag in tags, self._held))
        if first:
            await first[-1].ack(multiple=True)
        for message in self._held[len(first) :]:
            if message.delivery_tag in tags:
                await message.ack()
        self._held = [message for message in self._held if message.delivery_tag not in tags]

    async def set_apart(self, mail: QueuedMail[AbstractIncomingMessage], reason: str) -> None:
        """Return when the broker has confirmed that `QUEUE.refused` has it."""
        message = mail.handle
        copy = aio_pika.Message(
            message.body,
            headers={**message.headers, "refused": reason},
            content_type=message.content_type,
            message_id=message.message_id,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await self._channel.default_exchange.publish(copy, routing_key=self._refused)

    async def close(self) -> None:
        """Disconnect; the broker gives out again at once what was not acknowledged."""
        if self._connection:
            await self._connection.close()


async def _make(connection: AbstractConnection, name: str) -> None:
    # The broker closes a channel on which something was asked for that is not there, so each question has its own.
    look = await connection.channel()
    try:
        await look.declare_queue(name, passive=True)
    except ChannelNotFoundEntity:
        making = await connection.channel()
        await making.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
        await making.close()
    else:
        await look.close()
