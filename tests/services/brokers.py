"""Brokers of queues on loopback: what a publisher and an operator would do, the same for each kind."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import pytest

from deployments.local.processes import free_port

REDIS = os.environ.get("MAILROOM_TEST_REDIS_URL", "")
AMQP = os.environ.get("MAILROOM_TEST_AMQP_URL", "")


class Broker(Protocol):
    """One queue of its own at a broker."""

    address: str
    name: str

    async def publish(self, bodies: list[bytes]) -> None:
        """Return when the broker has them."""

    async def refused(self) -> list[tuple[bytes, str]]:
        """What was set apart, with the reason."""

    async def pending(self) -> int:
        """How many entries nobody has acknowledged."""

    async def remove(self) -> None:
        """Leave nothing behind."""


class RedisBroker:
    def __init__(self) -> None:
        from redis.asyncio import Redis

        self.name = f"mailroom-test-{uuid.uuid4().hex}"
        self.address = f"{REDIS}/{self.name}"
        self._redis = Redis.from_url(REDIS)

    async def publish(self, bodies: list[bytes]) -> None:
        for body in bodies:
            await self._redis.xadd(self.name, {"raw": body})

    async def refused(self) -> list[tuple[bytes, str]]:
        entries = await self._redis.xrange(f"{self.name}:refused")
        return [(fields[b"raw"], fields[b"refused"].decode()) for _, fields in entries]

    async def pending(self) -> int:
        (group,) = await self._redis.xinfo_groups(self.name)
        return int(group["pending"]) + int(group["lag"])

    async def remove(self) -> None:
        await self._redis.delete(self.name, f"{self.name}:refused")
        await self._redis.aclose()


class AmqpBroker:
    def __init__(self) -> None:
        self.name = f"mailroom-test-{uuid.uuid4().hex}"
        self.address = f"{AMQP.rstrip('/')}/{self.name}"

    async def publish(self, bodies: list[bytes]) -> None:
        import aio_pika

        async with await aio_pika.connect(AMQP) as connection:
            channel = await connection.channel()
            arguments = {"x-queue-type": "quorum"}
            await channel.declare_queue(self.name, durable=True, arguments=arguments)
            for body in bodies:
                await channel.default_exchange.publish(aio_pika.Message(body), routing_key=self.name)

    async def refused(self) -> list[tuple[bytes, str]]:
        import aio_pika

        async with await aio_pika.connect(AMQP) as connection:
            queue = await (await connection.channel()).get_queue(f"{self.name}.refused")
            found = []
            while message := await queue.get(fail=False, no_ack=True):
                found.append((message.body, str(message.headers["refused"])))
            return found

    async def pending(self) -> int:
        import aio_pika

        async with await aio_pika.connect(AMQP) as connection:
            # What a consumer holds comes back when it is gone, so this is asked for when all are.
            queue = await (await connection.channel()).declare_queue(self.name, passive=True)
            return queue.declaration_result.message_count or 0

    async def remove(self) -> None:
        import aio_pika

        async with await aio_pika.connect(AMQP) as connection:
            channel = await connection.channel()
            for name in (self.name, f"{self.name}.refused"):
                await channel.queue_delete(name)


class NatsBroker:
    def __init__(self, server: str) -> None:
        self.name = f"mailroom-test-{uuid.uuid4().hex}"
        self.address = f"{server}/{self.name}"
        self._server = server

    async def publish(self, bodies: list[bytes]) -> None:
        import nats
        from nats.js.errors import BadRequestError

        client = await nats.connect(self._server)
        streams = client.jetstream()
        with suppress(BadRequestError):  # it is there already
            await streams.add_stream(name=self.name, subjects=[self.name])
        for body in bodies:
            await streams.publish(self.name, body)
        await client.close()

    async def refused(self) -> list[tuple[bytes, str]]:
        import nats

        client = await nats.connect(self._server)
        streams, found = client.jetstream(), []
        state = (await streams.stream_info(f"{self.name}-refused")).state
        for number in range(1, state.messages + 1):
            message = await streams.get_msg(f"{self.name}-refused", number)
            found.append((message.data or b"", (message.headers or {})["Mailroom-Refused"]))
        await client.close()
        return found

    async def pending(self) -> int:
        import nats

        client = await nats.connect(self._server)
        group = await client.jetstream().consumer_info(self.name, "mailroom")
        await client.close()
        return (group.num_pending or 0) + (group.num_ack_pending or 0)

    async def remove(self) -> None:
        """The server goes with its folder."""


class KafkaBroker:
    """The stand-in that librdkafka has for its own tests: the real protocol over loopback, in threads of its own."""

    def __init__(self, cluster: str) -> None:
        self.name = f"mailroom-test-{uuid.uuid4().hex}"
        # The stand-in holds on to a member that left until its session ends.
        self.address = f"kafka://{cluster}/{self.name}?session.timeout.ms=3500&heartbeat.interval.ms=300"
        self._cluster = cluster

    async def publish(self, bodies: list[bytes]) -> None:
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self._cluster})
        for body in bodies:
            producer.produce(self.name, body)
        assert await asyncio.to_thread(producer.flush, 20) == 0

    async def refused(self) -> list[tuple[bytes, str]]:
        from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

        reader = Consumer({"bootstrap.servers": self._cluster, "group.id": "reader"})
        topic = f"{self.name}.refused"
        partitions = (await asyncio.to_thread(reader.list_topics, topic, 20)).topics[topic].partitions
        reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        records = await asyncio.to_thread(reader.consume, 2, 20)
        reader.close()
        return [(one.value(), dict(one.headers())["refused"].decode()) for one in records]

    async def pending(self) -> int:
        from confluent_kafka import Consumer, TopicPartition

        reader = Consumer({"bootstrap.servers": self._cluster, "group.id": "mailroom"})
        count = len((await asyncio.to_thread(reader.list_topics, self.name, 20)).topics[self.name].partitions)
        left = 0
        for one in await asyncio.to_thread(reader.committed, [TopicPartition(self.name, n) for n in range(count)]):
            low, high = await asyncio.to_thread(reader.get_watermark_offsets, one)
            left += high - max(one.offset, low)
        reader.close()
        return left

    async def remove(self) -> None:
        """The stand-in forgets all when it ends."""


@contextmanager
def nats_server(folder: Path) -> Iterator[str]:
    """The address of a server with JetStream."""
    port = free_port(0)
    command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if _answers(port):
                break
            time.sleep(0.1)
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def kafka_cluster() -> Iterator[str]:
    """`HOST:PORT` of a stand-in with one broker."""
    from confluent_kafka import Producer

    host = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1})
    yield ",".join(f"{one.host}:{one.port}" for one in host.list_topics(timeout=20).brokers.values())
    host.flush(1)


def why_not(kind: str) -> str:
    """Why there is no broker of this kind here; empty where there is one."""
    for module in {"redis": ["redis"], "amqp": ["aio_pika"], "nats": ["nats"], "kafka": ["confluent_kafka"]}[kind]:
        try:
            pytest.importorskip(module)
        except pytest.skip.Exception as skipped:
            return str(skipped)
    if kind == "redis" and not REDIS:
        return "MAILROOM_TEST_REDIS_URL names no Redis"
    if kind == "amqp" and not AMQP:
        return "MAILROOM_TEST_AMQP_URL names no RabbitMQ"
    if kind == "nats" and not shutil.which("nats-server"):
        return "nats-server is not installed"
    return ""
