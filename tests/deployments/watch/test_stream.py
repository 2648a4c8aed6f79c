"""A Redis stream on a real server: at least once into the inbox, whatever dies when."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("redis")
from redis.asyncio import Redis

from deployments.watch import stream as streams
from deployments.watch.stream import Consumer
from tasks.mailbox.inbox import put_into

URL = os.environ.get("MAILROOM_TEST_REDIS_URL", "")
MAIL = b"Subject: Hello\r\n\r\n\xff any bytes"

pytestmark = pytest.mark.skipif(not URL, reason="MAILROOM_TEST_REDIS_URL names no Redis")


def on_stream(story: Callable[[Redis, str], Awaitable[Any]]) -> Any:
    """What the story comes to, over a stream of its own."""

    async def tell() -> Any:
        name = f"mailroom-test-{uuid.uuid4().hex}"
        async with Redis.from_url(URL) as redis:
            await redis.xgroup_create(name, "mailroom", id="0", mkstream=True)
            try:
                return await asyncio.wait_for(story(redis, name), 20)
            finally:
                await redis.delete(name, f"{name}:refused")

    return asyncio.run(tell())


def kept(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]


def test_mails_and_rows_are_kept_and_acknowledged(tmp_path):
    async def story(redis: Redis, name: str) -> tuple[int, int]:
        await redis.xadd(name, {"raw": MAIL})
        await redis.xadd(name, {"id": "7", "content": "Hi", "sender": "a@example.org", "subject": "S"})
        consumer = Consumer(redis=redis, stream=name, put=put_into(tmp_path / "inbox"))
        taken = await consumer.take_some()
        return taken, (await redis.xpending(name, "mailroom"))["pending"]

    assert on_stream(story) == (2, 0)
    raw, row = kept(tmp_path / "inbox")
    assert raw == MAIL
    assert json.loads(row) == {
        "id": "7",
        "content": "Hi",
        "sender": "a@example.org",
        "subject": "S",
        "target_language": "",
    }


def test_an_entry_that_is_no_mail_is_set_apart_with_the_reason(tmp_path):
    async def story(redis: Redis, name: str) -> Any:
        await redis.xadd(name, {"text": "what is this"})
        await redis.xadd(name, {"raw": MAIL})
        consumer = Consumer(redis=redis, stream=name, put=put_into(tmp_path / "inbox"))
        taken = await consumer.take_some()
        ((_, refused),) = await redis.xrange(f"{name}:refused")
        return taken, (await redis.xpending(name, "mailroom"))["pending"], refused[b"text"], refused[b"refused"]

    assert on_stream(story) == (1, 0, b"what is this", b"it has neither `raw` nor `content`")


def test_what_a_dead_consumer_held_is_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "_DEAD_AFTER_MS", 0)

    async def story(redis: Redis, name: str) -> int:
        for number in range(250):
            await redis.xadd(name, {"raw": b"Subject: %d\n\nx" % number})
        # One that read entries, wrote one of them and died before it could acknowledge any.
        held = await redis.xreadgroup("mailroom", "dead", {name: ">"}, count=40)
        assert len(held[0][1]) == 40
        consumer = Consumer(redis=redis, stream=name, put=put_into(tmp_path / "inbox"))
        while await consumer.take_some():
            pass
        return (await redis.xpending(name, "mailroom"))["pending"]

    assert on_stream(story) == 0
    assert len(set(kept(tmp_path / "inbox"))) == 250


def test_a_disk_that_fails_leaves_the_entry_to_be_taken_again(tmp_path):
    failing = [True]

    def put(raw: bytes, name: str) -> Path:
        if failing.pop() if failing else False:
            raise OSError(28, "No space left on device")
        return put_into(tmp_path / "inbox")(raw, name)

    async def story(redis: Redis, name: str) -> int:
        await redis.xadd(name, {"raw": MAIL})
        consumer = Consumer(redis=redis, stream=name, put=put)
        with pytest.raises(OSError, match="No space"):
            await consumer.take_some()
        return await consumer.take_some()

    assert on_stream(story) == 1
    assert kept(tmp_path / "inbox") == [MAIL]


def test_consumer_ends_when_told_even_while_redis_is_away(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"

    async def story() -> None:
        end = asyncio.Event()
        consumer = Consumer(redis=Redis.from_url(nobody), stream="s", put=put_into(tmp_path / "inbox"))
        asyncio.get_running_loop().call_later(0.1, end.set)
        await consumer.consume(None, end)  # type: ignore[arg-type]  # nothing will be stored

    asyncio.run(asyncio.wait_for(story(), 10))
