"""One event loop in each process for all provider calls: all chunks share connections, limits and breakers."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop  # takes a tenth less CPU per call than asyncio's loop

T = TypeVar("T")
Closer = Callable[[], Awaitable[None]]

_CLOSE_S = 5.0


class ModelLoop:
    """A daemon thread that runs an event loop until `stop`, and then the closers registered with `at_close`."""

    def __init__(self) -> None:
        self.loop = new_event_loop()
        self._closers: list[Closer] = []
        self._thread = threading.Thread(target=self._run, name="mailroom-models", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run `coro` on the loop and return its result. An interrupted wait cancels it.

        Raises:
            RuntimeError: It was called on the loop's own thread.
        """
        if threading.current_thread() is self._thread:
            coro.close()
            raise RuntimeError("`on_model_loop` was called on the model loop itself; await the coroutine there instead")
        future = asyncio.run_coroutine_threadsafe(coro, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def at_close(self, closer: Closer) -> None:
        self._closers.append(closer)

    def cut_off(self) -> None:
        """Cancel all tasks on the loop. Their callers get `CancelledError`."""
        self.loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(self.loop)])

    def stop(self) -> None:
        """Cancel all tasks, run the closers, and stop the thread."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(_CLOSE_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_CLOSE_S)
        if not self._thread.is_alive():
            self.loop.close()

    async def _close(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*(closer() for closer in reversed(self._closers)), return_exceptions=True)


_lock = threading.Lock()
_loops: dict[int, ModelLoop] = {}


def model_loop() -> ModelLoop:
    """Return this process's loop, which is started at the first call. A forked child gets its own."""
    with _lock:
        pid = os.getpid()
        if pid not in _loops:
            _loops.clear()  # the parent's loop has no thread in this process
            _loops[pid] = ModelLoop()
        return _loops[pid]


def on_model_loop(coro: Coroutine[Any, Any, T]) -> T:
    """Run `coro` on this process's model loop and return its result. Call it from any other thread."""
    return model_loop().run(coro)


def _unlock_child() -> None:
    # Another thread may have held the lock, and a fork does not copy threads.
    global _lock
    _lock = threading.Lock()


def _stop() -> None:
    loop = _loops.pop(os.getpid(), None)
    if loop is not None:
        loop.stop()


os.register_at_fork(after_in_child=_unlock_child)
atexit.register(_stop)
