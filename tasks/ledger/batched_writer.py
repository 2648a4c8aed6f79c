"""Grouped writing: calls from the model loop are gathered and written in one transaction, in a thread of its own.

Fifty calls in flight share a commit. Nobody is told "written" before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from tasks.ledger.engine import for_many_writes

# So long the first wish of a transaction waits for others: of those under way, some are about to have one.
_GATHER_S = 0.01
# So long a connection that nothing was written to is kept: looking for one costs as much as writing a row.
_KEPT_S = 1.0


@dataclass
class _Wish:
    kind: str
    row: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


Handler = Callable[[Connection, list[Any]], list[Any]]
"""Writes the rows of one kind and returns one result a row, in order."""


class Scribe:
    """A writer thread over one engine; `handlers` says how the rows of each kind are written.

    Kinds are written in the order of their names: processes that lock rows of several kinds then lock them in the same
    order, so that none waits for another that waits for it.
    """

    def __init__(self, engine: Engine, handlers: dict[str, Handler]) -> None:
        self._engine = for_many_writes(engine)
        self._handlers = handlers
        self._wishes: list[_Wish] = []
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._connection: Connection | None = None
        threading.Thread(target=self._write_for_ever, name="ledger-scribe", daemon=True).start()

    def learn(self, handlers: dict[str, Handler]) -> None:
        """Write rows of these kinds, too."""
        self._handlers = {**self._handlers, **handlers}

    async def write(self, kind: str, row: Any) -> Any:
        """The handler's result for this row, after the commit; raises what the database raised."""
        return await self.post(kind, row)

    def post(self, kind: str, row: Any) -> asyncio.Future[Any]:
        """As `write`, for a caller that need not wait: rows posted before others are never committed after them."""
        loop = asyncio.get_running_loop()
        wish = _Wish(kind, row, loop, loop.create_future())
        with self._lock:
            self._wishes.append(wish)
        self._something.set()
        return wish.future

    def _write_for_ever(self) -> None:
        while True:
            if not self._something.wait(_KEPT_S):
                self._hang_up()
                self._something.wait()
            time.sleep(_GATHER_S)
            self._something.clear()
            with self._lock:
                wishes, self._wishes = self._wishes, []
            if wishes:
                self._write_together(wishes)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _write_together(self, wishes: list[_Wish]) -> None:
        groups: dict[str, list[_Wish]] = {}
        for wish in wishes:
            groups.setdefault(wish.kind, []).append(wish)
        answers: list[tuple[_Wish, Any]] = []
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            with self._connection.begin():
                for kind in sorted(groups):
                    rows = [wish.row for wish in groups[kind]]
                    answers += zip(groups[kind], self._handlers[kind](self._connection, rows), strict=True)
        except Exception as error:
            answers = [(wish, error) for wish in wishes]
            self._hang_up()
        for loop in {wish.loop for wish in wishes}:
            mine = [(wish.future, answer) for wish, answer in answers if wish.loop is loop]
            with contextlib.suppress(RuntimeError):  # its loop was closed meanwhile, so nobody waits any more
                loop.call_soon_threadsafe(_tell, mine)


def _tell(answers: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in answers:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
