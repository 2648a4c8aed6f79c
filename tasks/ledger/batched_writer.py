"""Writes the rows of many coroutines together in one transaction, in its own thread.

Calls in flight share a commit, and each caller gets the result for its row after that commit. A transaction whose
connection broke is repeated, although it may have been committed; handlers must allow for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from tasks.ledger.engine import for_many_writes, is_away

# How long the first write of a transaction waits for others, in seconds: calls under way are about to write, too.
_GATHER_S = 0.01
# How long an idle connection is kept, in seconds: taking one from the pool costs as much as writing a row.
_KEPT_S = 1.0
# How long writes are kept while the ledger is away, and how often it is tried again, in seconds.
_AWAY_S = 300.0
_LOOK_AGAIN_S = 2.0
log = logging.getLogger("mailroom.ledger")


@dataclass
class _QueuedWrite:
    kind: str
    row: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


Handler = Callable[[Connection, list[Any]], list[Any]]
"""Writes the rows of one kind and returns one result a row, in order."""


class BatchedWriter:
    """A writer thread over one engine. `handlers` has the function that writes the rows of each kind.

    Kinds are written in the order of their names. All processes then lock rows in the same order, which prevents
    deadlocks.
    """

    def __init__(self, engine: Engine, handlers: dict[str, Handler]) -> None:
        self._engine = for_many_writes(engine)
        self._handlers = handlers
        self._queued: list[_QueuedWrite] = []
        self._lock = threading.Lock()
        self._not_empty = threading.Event()
        self._connection: Connection | None = None
        threading.Thread(target=self._write_for_ever, name="ledger-writer", daemon=True).start()

    def learn(self, handlers: dict[str, Handler]) -> None:
        """Add handlers for further kinds of rows."""
        self._handlers = {**self._handlers, **handlers}

    async def write(self, kind: str, row: object) -> Any:  # noqa: ANN401  # each kind has results of its own
        """Return the handler's result for this row after the commit.

        Raises:
            SQLAlchemyError: The transaction failed, and no row of it was written.
        """
        return await self.post(kind, row)

    def post(self, kind: str, row: object) -> asyncio.Future[Any]:
        """Like `write`, but returns at once with a future. Rows are committed in the order of posting."""
        loop = asyncio.get_running_loop()
        queued = _QueuedWrite(kind, row, loop, loop.create_future())
        with self._lock:
            self._queued.append(queued)
        self._not_empty.set()
        return queued.future

    def _write_for_ever(self) -> None:
        while True:
            if not self._not_empty.wait(_KEPT_S):
                self._hang_up()
                self._not_empty.wait()
            time.sleep(_GATHER_S)
            self._not_empty.clear()
            with self._lock:
                writes, self._queued = self._queued, []
            if writes:
                self._tell_all(writes, self._written(writes))

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _written(self, writes: list[_QueuedWrite]) -> list[tuple[_QueuedWrite, Any]]:
        """Write all of them and return each with its result, or each with the error that stopped the transaction.

        While the database is away, the writes are kept and tried again: they may contain answers that were paid for.
        """
        until = time.monotonic() + _AWAY_S
        while True:
            try:
                return self._write_together(writes)
            except Exception as error:
                self._hang_up()
                if not is_away(error) or time.monotonic() >= until:
                    return [(queued, error) for queued in writes]
                log.warning("The ledger is away (%s); %d writes are kept.", type(error).__name__, len(writes))
            time.sleep(_LOOK_AGAIN_S)

    def _write_together(self, writes: list[_QueuedWrite]) -> list[tuple[_QueuedWrite, Any]]:
        groups: dict[str, list[_QueuedWrite]] = {}
        for queued in writes:
            groups.setdefault(queued.kind, []).append(queued)
        answers: list[tuple[_QueuedWrite, Any]] = []
        if self._connection is None:
            self._connection = self._engine.connect()
        with self._connection.begin():
            for kind in sorted(groups):
                rows = [queued.row for queued in groups[kind]]
                answers += zip(groups[kind], self._handlers[kind](self._connection, rows), strict=True)
        return answers

    def _tell_all(self, writes: list[_QueuedWrite], answers: list[tuple[_QueuedWrite, Any]]) -> None:
        for loop in {queued.loop for queued in writes}:
            mine = [(queued.future, answer) for queued, answer in answers if queued.loop is loop]
            with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits for the result
                loop.call_soon_threadsafe(_tell, mine)


def _tell(answers: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in answers:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
