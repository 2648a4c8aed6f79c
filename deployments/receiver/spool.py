"""Stores posts durably before they are acknowledged: files are synced together, and ids recorded in one commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from deployments.inbox.deliveries import find_deliveries, forget_deliveries, note_deliveries
from deployments.receiver.payload_formats import Spoolable
from deployments.receiver.signature import Proof
from tasks.ledger.engine import open_ledger
from tasks.mailbox.inbox import Put

Verdict = Literal["accepted", "duplicate", "conflict"]

_BATCH = 64
# The file system's journal combines the syncs that many threads request at the same time.
_WRITERS = 8
_PRUNE_EVERY_S = 3_600


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One authenticated post and its files."""

    proof: Proof
    files: tuple[Spoolable, ...]

    @property
    def mails(self) -> int:
        """The number of mails in the post. A file of many counts as one until it is read."""
        return sum(file.mails for file in self.files)


class Spool:
    """Writes deliveries into the inbox through `put`. There is one for each process, used on one event loop."""

    def __init__(self, put: Put, ledger_url: str, *, remember_s: float, on_stored: Callable[[int], None]) -> None:
        self._put = put
        self._ledger_url = ledger_url
        self._remember_s = remember_s
        self._on_stored = on_stored
        self._waiting: asyncio.Queue[tuple[Delivery, asyncio.Future[Verdict]]] = asyncio.Queue()
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="spool")
        self._pruned_at = 0.0

    async def add(self, delivery: Delivery) -> Verdict:
        """Store the delivery, and return the verdict when it is on disk. `conflict` is a known id with another body.

        Raises the error of the disk or the ledger. The delivery is then not acknowledged, and its sender repeats it.
        """
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        await self._waiting.put((delivery, future))
        return await future

    async def run(self) -> None:
        """Serve `add` until cancelled. Waiting deliveries are then still written."""
        serving: asyncio.Task[None] | None = None
        try:
            while True:
                batch = [await self._waiting.get(), *self._take()]
                serving = asyncio.create_task(self._serve(batch))
                await asyncio.shield(serving)
        finally:
            if serving:
                await serving
            while batch := self._take():
                await self._serve(batch)
            self._writers.shutdown()

    def _take(self) -> list[tuple[Delivery, asyncio.Future[Verdict]]]:
        return [self._waiting.get_nowait() for _ in range(min(_BATCH, self._waiting.qsize()))]

    async def _serve(self, batch: Sequence[tuple[Delivery, asyncio.Future[Verdict]]]) -> None:
        results = await asyncio.to_thread(self._store, [delivery for delivery, _ in batch])
        for (delivery, future), result in zip(batch, results, strict=True):
            if result == "accepted":
                self._on_stored(delivery.mails)
            if future.done():  # the client has disconnected
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _store(self, batch: Sequence[Delivery]) -> list[Verdict | BaseException]:
        try:
            engine = open_ledger(self._ledger_url)
            known = find_deliveries(engine, [delivery.proof.delivery_id for delivery in batch])
            results = self._write_fresh(batch, known)
            fresh = [one.proof for one, result in zip(batch, results, strict=True) if result == "accepted"]
            note_deliveries(engine, [(proof.delivery_id, proof.digest) for proof in fresh], time.time())
            if time.time() - self._pruned_at > _PRUNE_EVERY_S:
                forget_deliveries(engine, time.time() - self._remember_s)
                self._pruned_at = time.time()
        except Exception as error:
            return [error] * len(batch)
        return results

    def _write_fresh(self, batch: Sequence[Delivery], known: dict[str, str]) -> list[Verdict | BaseException]:
        writing: dict[str, tuple[Proof, Future[None]]] = {}
        for delivery in batch:
            proof = delivery.proof
            if proof.delivery_id not in known and proof.delivery_id not in writing:
                writing[proof.delivery_id] = (proof, self._writers.submit(self._write, delivery))
        return [self._judge(delivery.proof, known, writing) for delivery in batch]

    def _judge(
        self, proof: Proof, known: dict[str, str], writing: dict[str, tuple[Proof, Future[None]]]
    ) -> Verdict | BaseException:
        if proof.delivery_id in known:
            return "duplicate" if known[proof.delivery_id] == proof.digest else "conflict"
        first, job = writing[proof.delivery_id]
        if error := job.exception():  # a repeated delivery in the same batch fails with the first one
            return error
        if first is proof:
            return "accepted"
        return "duplicate" if first.digest == proof.digest else "conflict"

    def _write(self, delivery: Delivery) -> None:
        # Names are derived from the delivery's id, so that a post repeated after a crash overwrites its own files.
        for number, file in enumerate(delivery.files):
            name = "-".join(filter(None, (file_prefix(delivery.proof.delivery_id), str(number), file.stem)))
            self._put(file.raw, name + file.suffix)


def file_prefix(delivery_id: str) -> str:
    """The prefix, before a hyphen, of the names of a delivery's files in the inbox."""
    return delivery_id[:32]
