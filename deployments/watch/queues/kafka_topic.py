"""A topic of Kafka. A record's value is a raw mail, or JSON as the receiver takes it.

What is no mail goes to the topic `TOPIC.refused`, with the reason in the header `refused`. Topics are not made here,
unless the cluster makes them by itself. What stands behind the `?` of an address are options of librdkafka.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from deployments.watch.queues.addresses import QueueAddress
from deployments.watch.queues.kinds import AT_ONCE, GROUP, WAIT_S, QueuedMail, read_body
from tasks.errors import Misconfigured

_FLUSH_S = 30.0
_HOPELESS = (KafkaError._ALL_BROKERS_DOWN, KafkaError._AUTHENTICATION)
_OURS = {"enable.auto.commit": "false", "enable.auto.offset.store": "false"}
log = logging.getLogger("mailroom.watch")


def open_address(address: QueueAddress) -> KafkaTopic:
    """The topic at this address; a user and a password go by SASL over TLS unless its options say otherwise."""
    options = {"bootstrap.servers": ",".join(address.hosts)}
    if address.user_and_password:
        user, password = address.user_and_password
        options |= {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}
        options |= {"sasl.username": user, "sasl.password": password}
    return KafkaTopic({**options, **address.options}, address.name, address.place)


class KafkaTopic:
    """One member of the topic's consumer group. The client waits in threads, and reconnects by itself."""

    faults: tuple[type[Exception], ...] = (KafkaException,)

    def __init__(self, options: dict[str, str], topic: str, place: str) -> None:
        self.place = place
        self._options = options
        self._topic = topic
        self._client: Client | None = None
        self._taken: list[QueuedMail[Message]] = []

    async def open(self) -> None:
        """Join the group; a group that is new begins with the oldest record."""
        self._fault: KafkaError | None = None
        group = {"group.id": GROUP, "auto.offset.reset": "earliest"}
        producing = {name: value for name, value in self._options.items() if name != "group.id"}
        try:
            self._client = Client({**group, **self._options, **_OURS, "error_cb": self._noticed}, logger=log)
            self._producer = Producer(producing, logger=log)
        except KafkaException as error:
            # Nothing was asked yet: an option is unknown, or its value cannot be used.
            raise Misconfigured(f"{self.place} cannot be used: {error.args[0].str()}.") from error
        self._client.subscribe([self._topic])

    def _noticed(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in _HOPELESS:
            self._fault = error

    async def take(self) -> Sequence[QueuedMail[Message]]:
        """The next records of the partitions that are this member's."""
        assert self._client is not None
        records = await asyncio.to_thread(self._client.consume, AT_ONCE, WAIT_S)
        for fault in (self._fault, *(record.error() for record in records)):
            if fault is not None:
                raise KafkaException(fault)
        self._taken = [
            QueuedMail(identity=f"{one.partition()}-{one.offset()}", mail=read_body(one.value() or b""), handle=one)
            for one in records
        ]
        return self._taken

    async def acknowledge(self, mails: Sequence[QueuedMail[Message]]) -> None:
        """Commit each partition up to its first record that is not among them."""
        assert self._client is not None
        done, upto, stopped = {one.identity for one in mails}, dict[int, int](), set[int]()
        for one in self._taken:
            partition, offset = one.handle.partition() or 0, one.handle.offset() or 0
            if one.identity not in done:
                stopped.add(partition)
            elif partition not in stopped:
                upto[partition] = offset + 1
        offsets = [TopicPartition(self._topic, partition, offset) for partition, offset in upto.items()]
        if offsets:
            await asyncio.to_thread(self._client.commit, offsets=offsets, asynchronous=False)

    async def set_apart(self, mail: QueuedMail[Message], reason: str) -> None:
        """Return when `TOPIC.refused` has it."""
        record, faults = mail.handle, list[KafkaError]()
        headers = [*(record.headers() or []), ("refused", reason.encode())]

        def told(error: KafkaError | None, _: Message) -> None:
            faults.extend([error] if error else [])

        self._producer.produce(
            f"{self._topic}.refused", record.value(), record.key(), headers=headers, on_delivery=told
        )
        left = await asyncio.to_thread(self._producer.flush, _FLUSH_S)
        if left or faults:
            raise KafkaException(faults[0] if faults else KafkaError(KafkaError._TIMED_OUT))

    async def close(self) -> None:
        """Leave the group; what was not committed is given out again."""
        if self._client:
            await asyncio.to_thread(self._client.close)
