"""The spool acknowledges only what is on disk, and its end loses nothing that was accepted."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from deployments.inbox.background import running
from deployments.receiver.payload_formats import Spoolable
from deployments.receiver.signature import Proof
from deployments.receiver.spool import Delivery, Spool


def delivery(name: str, digest: str = "d") -> Delivery:
    proof = Proof(delivery_id=name, digest=digest)
    return Delivery(proof=proof, files=(Spoolable(raw=name.encode(), suffix=".eml"),))


class Disk:
    """A disk that can be held and can fail."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.free = threading.Event()
        self.free.set()
        self.fails = False

    def put(self, _raw: bytes, name: str) -> Path:
        self.free.wait(10)
        if self.fails:
            raise OSError("broken")
        self.names.append(name)
        return Path(name)


def spool_of(disk: Disk, ledger_url: str, stored: list[int]) -> Spool:
    return Spool(disk.put, ledger_url, remember_s=1_000, on_stored=stored.append)


def test_a_post_that_comes_twice_at_once_is_stored_once(ledger_url):
    disk, stored = Disk(), []

    async def story() -> list[str]:
        spool = spool_of(disk, ledger_url, stored)
        async with running(spool.run()):
            return await asyncio.gather(*(spool.add(delivery("a")) for _ in range(5)))

    assert sorted(asyncio.run(story())) == ["accepted"] + ["duplicate"] * 4
    assert (len(disk.names), stored) == (1, [1])


def test_a_repetition_beside_a_post_that_fails_is_not_acknowledged_either(ledger_url):
    disk, stored = Disk(), []
    disk.fails = True

    async def story() -> list[object]:
        spool = spool_of(disk, ledger_url, stored)
        async with running(spool.run()):
            both = (spool.add(delivery("a")) for _ in range(2))
            failed = await asyncio.gather(*both, return_exceptions=True)
            disk.fails = False
            return [*failed, await spool.add(delivery("a"))]

    first, second, later = asyncio.run(story())
    assert isinstance(first, OSError)
    assert isinstance(second, OSError)
    assert later == "accepted"


def test_what_waits_when_the_end_comes_is_still_stored(ledger_url):
    disk, stored = Disk(), []

    async def story() -> list[str]:
        spool = spool_of(disk, ledger_url, stored)
        disk.free.clear()
        async with running(spool.run()):
            posts = [asyncio.create_task(spool.add(delivery(f"n{number}"))) for number in range(200)]
            await asyncio.sleep(0)  # all of them are in the queue
            disk.free.set()
        return await asyncio.gather(*posts)

    assert asyncio.run(story()) == ["accepted"] * 200
    assert len(set(disk.names)) == sum(stored) == 200


def test_a_delivery_is_known_after_a_restart_and_by_its_digest(any_ledger_url):
    async def one(post: Delivery) -> str:
        spool = spool_of(Disk(), any_ledger_url, [])
        async with running(spool.run()):
            return await spool.add(post)

    assert [asyncio.run(one(delivery("a", digest))) for digest in ("x", "x", "y")] == [
        "accepted",
        "duplicate",
        "conflict",
    ]


def test_ledger_that_cannot_be_opened_is_no_acknowledgement(tmp_path):
    (tmp_path / "not-a-database").write_bytes(b"x" * 5_000)

    async def story() -> None:
        spool = spool_of(Disk(), f"sqlite:///{tmp_path / 'not-a-database'}", [])
        async with running(spool.run()):
            await spool.add(delivery("a"))

    with pytest.raises(Exception, match="ledger"):
        asyncio.run(story())
