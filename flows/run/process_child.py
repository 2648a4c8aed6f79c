"""A process that carries out chunks: its main thread takes orders from a pipe, and its threads carry them out.

Signals are left to the run's own process, which tells of a stop through the pipe. When that process is killed, the pipe
ends, and this process with it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from prefect.task_runners import _initialize_process_pool_worker  # to be replaced when Prefect makes it public

from flows.run.garbage import few_collections
from tasks.providers.event_loop import model_loop
from tasks.stops import stop_of

Call = Callable[[], bytes]


@dataclass(frozen=True)
class ChunkOrder:
    """Carry out this call; its answer bears the same number."""

    number: int
    call: Call


@dataclass(frozen=True)
class StopOrder:
    """The run must end; `at_once` means that calls in flight are not waited for."""

    run_id: str
    why: str
    at_once: bool


@dataclass(frozen=True)
class ChunkAnswer:
    """What a call returned, or the kind of the error that it raised."""

    number: int
    answer: bytes = b""
    error: str = ""


class ParentPipe:
    """What this process sends to the run's own; it stands where Prefect expects a queue for logs and events."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def put(self, item: object) -> None:
        with self._lock:
            self._connection.send(item)


@dataclass(frozen=True)
class Surroundings:
    """The folder and the variables of the run's process, which those of the fork server need not be."""

    folder: str = field(default_factory=os.getcwd)
    variables: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def enter(self) -> None:
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.variables)


def serve_chunks(connection: Connection, at_once: int, surroundings: Surroundings) -> None:
    """Carry out what the pipe brings, at most `at_once` calls at a time, until it brings None."""
    surroundings.enter()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    parent = ParentPipe(connection)
    _initialize_process_pool_worker(parent)
    with few_collections(), ThreadPoolExecutor(at_once, thread_name_prefix="chunk") as threads:
        while (order := _next(connection)) is not None:
            if isinstance(order, ChunkOrder):
                threads.submit(_carry_out, order, parent)
            else:
                _stop(order)
    model_loop().stop()


def _next(connection: Connection) -> ChunkOrder | StopOrder | None:
    try:
        order: ChunkOrder | StopOrder | None = connection.recv()
    except (EOFError, OSError):
        os._exit(1)  # the run's process was killed
    return order


def _stop(order: StopOrder) -> None:
    stop_of(order.run_id).set(order.why)
    if order.at_once:
        model_loop().cut_off()


def _carry_out(order: ChunkOrder, parent: ParentPipe) -> None:
    try:
        answer = ChunkAnswer(order.number, order.call())
    except BaseException as error:  # Prefect ends a process by SystemExit; its words may quote a mail
        answer = ChunkAnswer(order.number, error=type(error).__name__)
    parent.put(answer)
