"""Queues on real brokers: at least once into the inbox, whatever dies when. Kafka is librdkafka's own stand-in."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deployments.watch.queues import consumer as consumers
from deployments.watch.queues.addresses import open_queue, read_address
from deployments.watch.queues.consumer import Consumer, InboxFault
from tasks.mailbox.inbox import Put, put_into
from tests.services import brokers
from tests.services.brokers import Broker
from tests.services.tcp_relay import tcp_relay

KINDS = ("redis", "amqp", "nats", "kafka")
MAIL = b"Subject: Hello\r\n\r\n\xff any bytes"
Story = Callable[[Broker, Callable[..., Consumer[Any]]], Awaitable[Any]]


@pytest.fixture(scope="module", params=KINDS)
def make_broker(request, tmp_path_factory) -> Iterator[Callable[[], Broker]]:
    """What makes a queue of its own at a broker of each kind."""
    kind = request.param
    if reason := brokers.why_not(kind):
        pytest.skip(reason)
    if kind == "redis":
        yield brokers.RedisBroker
    elif kind == "amqp":
        yield brokers.AmqpBroker
    elif kind == "nats":
        with brokers.nats_server(tmp_path_factory.mktemp("nats")) as server:
            yield lambda: brokers.NatsBroker(server)
    else:
        with brokers.kafka_cluster() as cluster:
            yield lambda: brokers.KafkaBroker(cluster)


@pytest.fixture
def tell(make_broker, tmp_path) -> Callable[[Story], Any]:
    """Runs a story over a queue of its own and one maker of consumers; returns what it comes to."""

    def run(story: Story) -> Any:
        async def told() -> Any:
            broker = make_broker()
            made: list[Consumer[Any]] = []

            def consumer(put: Put = put_into(tmp_path / "inbox"), max_bytes: int = 10_000) -> Consumer[Any]:
                queue = open_queue(read_address(broker.address, ""))
                made.append(Consumer(queue=queue, put=put, max_bytes=max_bytes))
                return made[-1]

            try:
                return await asyncio.wait_for(story(broker, consumer), 60)
            finally:
                for one in made:
                    with suppress(Exception):
                        await one.queue.close()
                await broker.remove()

        return asyncio.run(told())

    return run


def kept(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


async def take(consumer: Consumer[Any], entries: int) -> None:
    """Take until so many entries are acknowledged."""
    acknowledge, settled = consumer.queue.acknowledge, list[Any]()

    async def noted(mails: Any) -> None:
        await acknowledge(mails)
        settled.extend(mails)

    consumer.queue.acknowledge = noted  # type: ignore[method-assign]
    while len(settled) < entries:
        await consumer.take_some(lambda _: None)


async def all_acknowledged(broker: Broker) -> bool:
    """Whether nothing is pending; a broker may take a moment to count."""
    for _ in range(200):
        if await broker.pending() == 0:
            return True
        await asyncio.sleep(0.1)
    return False


def test_mails_and_rows_are_kept_and_never_given_out_again(tell, tmp_path):
    row = {"id": "7", "content": "Hi", "sender": "a@example.org", "subject": "S"}

    async def story(broker: Broker, consumer: Callable[..., Consumer[Any]]) -> bool:
        bodies = [MAIL] if isinstance(broker, brokers.RedisBroker) else [MAIL, json.dumps(row).encode()]
        await broker.publish(bodies)
        one = consumer()
        await one.queue.open()
        await take(one, len(bodies))
        assert await one.take_some(lambda _: None) == 0
        await one.queue.close()
        return await all_acknowledged(broker)

    assert tell(story)
    found = kept(tmp_path / "inbox")
    assert MAIL in found
    assert all(body == MAIL or json.loads(body) == {**row, "target_language": ""} for body in found)


def test_what_is_no_mail_or_too_large_is_set_apart_with_the_reason(tell, tmp_path):
    async def story(broker: Broker, consumer: Callable[..., Consumer[Any]]) -> Any:
        await broker.publish([b"  ", MAIL, b"Subject: Long\n\n" + b"x" * 10_000])
        one = consumer()
        await one.queue.open()
        await take(one, 3)
        await one.queue.close()
        return await broker.refused(), await all_acknowledged(broker)

    refused, acknowledged = tell(story)
    assert kept(tmp_path / "inbox") == [MAIL]
    assert acknowledged
    assert {body[:13]: reason for body, reason in refused} == {
        b"  ": "the body is empty; post the mail's bytes",
        b"Subject: Long": "it has more than 10,000 bytes (MAILROOM_WATCH_MAX_FILE_BYTES)",
    }


def give_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("redis_stream", "nats_stream"):
        if brokers.why_not(kind.partition("_")[0]) == "":
            monkeypatch.setattr(f"deployments.watch.queues.{kind}.GIVEN_UP_AFTER_S", 0.5)


def test_what_a_dead_member_held_comes_to_another(tell, tmp_path, monkeypatch):
    give_up_soon(monkeypatch)
    bodies = [b"Subject: %d\n\nx" % number for number in range(120)]

    async def story(broker: Broker, consumer: Callable[..., Consumer[Any]]) -> bool:
        await broker.publish(bodies)
        dead, living = consumer(), consumer()
        await dead.queue.open()
        while not await dead.queue.take():
            pass
        await dead.queue.close()
        await asyncio.sleep(0.6)
        await living.queue.open()
        await take(living, len(bodies))
        await living.queue.close()
        return await all_acknowledged(broker)

    assert tell(story)
    assert sorted(kept(tmp_path / "inbox")) == sorted(bodies)


def test_a_disk_that_fails_leaves_the_mail_in_the_queue(tell, tmp_path, monkeypatch):
    give_up_soon(monkeypatch)
    failing = [True]

    def put(raw: bytes, name: str) -> Path:
        if b"2" in raw and failing and failing.pop():
            raise OSError(28, "No space left on device")
        return put_into(tmp_path / "inbox")(raw, name)

    bodies = [b"Subject: %d\n\nx" % number for number in range(1, 4)]

    async def story(broker: Broker, consumer: Callable[..., Consumer[Any]]) -> bool:
        await broker.publish(bodies)
        one = consumer(put)
        await one.queue.open()
        with pytest.raises(InboxFault, match="the inbox cannot be written: No space left on device"):
            await take(one, 3)
        await one.queue.close()
        again = consumer(put)
        await again.queue.open()
        while len(kept(tmp_path / "inbox")) < 3:
            await again.take_some(lambda _: None)
        await again.queue.close()
        return await all_acknowledged(broker)

    assert tell(story)
    assert sorted(kept(tmp_path / "inbox")) == bodies


@pytest.mark.skipif(bool(brokers.why_not("amqp")), reason=brokers.why_not("amqp"))
@pytest.mark.parametrize(
    ("failing", "acknowledged"),
    [((), [(5, True)]), ((3,), [(2, True), (4, False), (5, False)]), ((1, 2), [(3, False), (4, False), (5, False)])],
)
def test_mails_without_a_gap_are_acknowledged_in_one_word_and_none_that_failed(
    failing, acknowledged, tmp_path, monkeypatch
):
    from aio_pika.message import IncomingMessage

    told: list[tuple[int, bool]] = []
    tell_broker = IncomingMessage.ack

    async def noted(message: IncomingMessage, multiple: bool = False) -> None:
        told.append((message.delivery_tag or 0, multiple))
        await tell_broker(message, multiple)

    monkeypatch.setattr(IncomingMessage, "ack", noted)

    async def story() -> int:
        broker = brokers.AmqpBroker()
        await broker.publish([b"Subject: %d\n\nx" % number for number in range(1, 6)])
        queue = open_queue(read_address(broker.address, ""))
        await queue.open()
        taken: list[Any] = []
        while len(taken) < 5:
            taken += await queue.take()
        await queue.acknowledge([one for one in taken if one.handle.delivery_tag not in failing])
        await queue.close()
        left = await broker.pending()
        await broker.remove()
        return left

    assert asyncio.run(story()) == len(failing)
    assert told == acknowledged


def test_two_members_share_a_queue(tell, tmp_path):
    bodies = [b"Subject: %d\n\nx" % number for number in range(120)]

    async def story(broker: Broker, consumer: Callable[..., Consumer[Any]]) -> bool:
        await broker.publish(bodies)
        both = [consumer(), consumer()]
        for one in both:
            await one.queue.open()
        stored: list[int] = []

        async def work(one: Consumer[Any]) -> None:
            while sum(stored) < len(bodies):
                await one.take_some(stored.append)

        await asyncio.gather(*(work(one) for one in both))
        for one in both:
            await one.queue.close()
        return await all_acknowledged(broker)

    assert tell(story)
    assert sorted(kept(tmp_path / "inbox")) == sorted(bodies)


class Told:
    """An announcer that only counts."""

    mails = 0

    def stored(self, mails: int) -> None:
        self.mails += mails


def test_a_lost_connection_is_opened_anew(tell, tmp_path, monkeypatch):
    monkeypatch.setattr(consumers, "_RECONNECT_S", 0.1)

    async def story(broker: Broker, consumer: Callable[..., Consumer[Any]]) -> None:
        if isinstance(broker, brokers.KafkaBroker):
            pytest.skip("a broker of Kafka tells its own address, past any relay")
        parts = urlsplit(broker.address)
        with tcp_relay(parts.hostname or "", parts.port or 0) as relay:
            by_relay = parts._replace(
                netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{relay.port}".removeprefix("@")
            )
            queue = open_queue(read_address(by_relay.geturl(), ""))
            one = Consumer(queue=queue, put=put_into(tmp_path / "inbox"), max_bytes=10_000)
            announcer, end = Told(), asyncio.Event()
            working = asyncio.create_task(one.consume(announcer, end))  # type: ignore[arg-type]
            for number in (1, 2):
                await broker.publish([b"Subject: %d\n\nx" % number])
                while announcer.mails < number:
                    assert not working.done()
                    await asyncio.sleep(0.05)
                relay.cut()
                await asyncio.sleep(0.2)
                relay.up()
            end.set()
            await working

    tell(story)
    assert len(kept(tmp_path / "inbox")) == 2


@contextmanager
def port_of_nobody() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_consumer_ends_when_told_even_while_its_broker_is_away(kind, tmp_path):
    if kind != "kafka" and (reason := brokers.why_not(kind)) and "names no" not in reason and "not inst" not in reason:
        pytest.skip(reason)

    async def story(port: int) -> None:
        end = asyncio.Event()
        queue = open_queue(read_address(f"{kind}://127.0.0.1:{port}/mails", ""))
        asyncio.get_running_loop().call_later(1, end.set)
        one = Consumer(queue=queue, put=put_into(tmp_path / "inbox"), max_bytes=1_000)
        await one.consume(Told(), end)  # type: ignore[arg-type]

    with port_of_nobody() as port:
        asyncio.run(asyncio.wait_for(story(port), 20))
