"""How far a run is: a progress artifact in Prefect's UI, and a number for a listener in the same process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

Listener = Callable[[int, int | None, str], None]
"""Called with the number of mails done, the number of all mails once that is known, and what is to be told."""

_EVERY_S = 5.0  # an update costs the server 9 ms of CPU, as much as a task run

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have the listener called by runs that are started in this block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class Progress:
    """Mails done of a run; `total` is null until the source is known to its end."""

    def __init__(self, total: int | None) -> None:
        self.done = 0
        self.total = total
        self.told = ""
        """What a listener shows beside the numbers, such as the cost so far."""
        self._listener = _listener.get()
        self._updated = time.monotonic()
        self._artifact: UUID | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="progress")
        self._showing: Future[None] | None = None
        self._tell()

    def advance(self, mails: int) -> None:
        """Count these mails as done."""
        self.done += mails
        self._tell()
        due = self._artifact is None or time.monotonic() - self._updated >= _EVERY_S
        if due and (self._showing is None or self._showing.done()):
            # Beside the work, which would stand still with it for as long as Prefect's server is away.
            self._showing = self._pool.submit(copy_context().run, self._show)

    def watched(self, futures: Iterable[Any], chunks: Sequence[Any]) -> Iterator[Any]:
        """Each future's result, or the exception in its place, in order; its chunk counts as done then."""
        for future, chunk in zip(futures, chunks, strict=True):
            yield future.result(raise_on_failure=False)
            self.advance(len(chunk))

    def finish(self) -> None:
        """Show the end."""
        self.total = self.done
        self._pool.shutdown(wait=True)
        self._show()

    def _tell(self) -> None:
        if self._listener is not None:
            self._listener(self.done, self.total, self.told)

    def _show(self) -> None:
        self._updated = time.monotonic()
        of = f" of {self.total:,}" if self.total is not None else ""
        share = 100.0 * self.done / self.total if self.total else 100.0 * (self.total == 0)
        said = f"{self.done:,}{of} mails read and understood."
        if self._artifact is None:
            made = create_progress_artifact(progress=share, key="mailroom-progress", description=said)
            assert isinstance(made, UUID)
            self._artifact = made
        else:
            update_progress_artifact(artifact_id=self._artifact, progress=share, description=said)
