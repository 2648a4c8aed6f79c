"""Processes that carry out chunks beside the run's own, each with its own model loop, client and connections.

Not the standard library's pool: when one of its processes dies, it ends all others and takes no more calls, and a
process that is killed while it writes to a queue of all leaves that queue locked or its reader waiting. Here each
process has one pipe, whose end tells that it died; that costs its chunks a try, and the next chunk gets a new one.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from multiprocessing.context import BaseContext

from prefect.states import Failed

from flows.run.process_child import Call, ChunkAnswer, ChunkOrder, StopOrder, Surroundings, serve_chunks
from tasks.errors import LostChunk, MailroomError, Stopped
from tasks.stops import Stop

log = logging.getLogger("mailroom.report")

# Chunks of three windows, as in threads: two are being answered, and the effects of the one before are performed.
AT_ONCE = 3
_TRIES = 3
_END_S = 10.0

Forward = Callable[[object], None]


class ProcessDied(Exception):
    """A process ended before it had answered."""


class ChunkProcess:
    """A process, from its start to its death. `forward` gets what Prefect sends from there: logs and events."""

    def __init__(self, context: BaseContext, forward: Forward) -> None:
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(  # type: ignore[attr-defined]  # all but the base class have it
            target=serve_chunks, args=(theirs, AT_ONCE, Surroundings()), name="mailroom-chunks"
        )
        with theirs:
            self._process.start()
        self._forward = forward
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[bytes]] = {}
        self._sending, self._lock = threading.Lock(), threading.Lock()
        self.died = False
        threading.Thread(target=self._listen, name="chunk-answers", daemon=True).start()

    def answer(self, call: Call) -> bytes:
        """What the call returns there.

        Raises:
            ProcessDied: The process was killed, or ended by itself.
            LostChunk: The call raised an error.
        """
        future: Future[bytes] = Future()
        number = next(self._numbers)
        with self._lock:
            if self.died:
                raise ProcessDied
            self._waiting[number] = future
        self._send(ChunkOrder(number, call))
        return future.result()

    def tell(self, stop: Stop) -> None:
        """Tell it that the run must end."""
        self._send(StopOrder(stop.run_id, stop.why, stop.at_once))

    def end(self) -> None:
        """End it, once its calls have returned; one that does not end is killed."""
        self._send(None)
        self._process.join(_END_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join(_END_S)

    def _send(self, order: ChunkOrder | StopOrder | None) -> None:
        try:
            with self._sending:
                self._pipe.send(order)
        except OSError:
            pass  # it died, which `_listen` finds out as well

    def _listen(self) -> None:
        try:
            while True:
                said = self._pipe.recv()
                if isinstance(said, ChunkAnswer):
                    self._settle(said)
                else:
                    self._forward(said)
        except (EOFError, OSError):
            with self._lock:
                self.died = True
            for future in self._waiting.values():
                future.set_exception(ProcessDied())

    def _settle(self, said: ChunkAnswer) -> None:
        with self._lock:
            future = self._waiting.pop(said.number)
        if said.error:
            future.set_exception(LostChunk(f"The chunk was lost to an error of the kind {said.error}."))
        else:
            future.set_result(said.answer)


class ChunkProcesses(Executor):
    """At most so many processes, each started when a chunk needs it. A call goes to the one with the fewest."""

    def __init__(self, processes: int, forward: Forward) -> None:
        self._forward = forward
        self._places = [_Place() for _ in range(processes)]
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(processes * AT_ONCE, thread_name_prefix="chunk")
        self._run: tuple[Stop, Context] | None = None

    def serve(self, stop: Stop) -> None:
        """Work for the run of this stop and of the caller's context."""
        if self._run is None:
            self._run = stop, copy_context()
            stop.follow(self._tell)

    def submit(self, call: Call) -> Future[bytes]:  # type: ignore[override]  # Prefect gives calls without arguments
        """Carry out the call in one of the processes."""
        return self._threads.submit(self._carry_out, call)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes when their calls have returned."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if self._run is not None:
            self._run[0].unfollow(self._tell)
            self._run = None
        for place in self._places:
            if place.process is not None:
                place.process.end()
                place.process = None

    def _carry_out(self, call: Call) -> bytes:
        """The pickled state of the call's task run, also where its process died."""
        assert self._run is not None
        stop, context = self._run
        for _ in range(_TRIES):
            if stop.is_set():
                return _failed(Stopped(f"The run was stopped: {stop.why}."))
            try:
                return self._tried(call, stop)
            except LostChunk as error:
                return _failed(error)
            except ProcessDied:
                context.copy().run(log.warning, "A process that worked on chunks died; its chunks are tried again.")
        return _failed(LostChunk(f"The chunk's process died {_TRIES} times."))

    def _tried(self, call: Call, stop: Stop) -> bytes:
        with self._lock:
            place = min(self._places, key=lambda one: one.calls)
            place.calls += 1
        try:
            return self._living(place, stop).answer(call)
        finally:
            with self._lock:
                place.calls -= 1

    def _living(self, place: _Place, stop: Stop) -> ChunkProcess:
        with place.starting:
            if place.process is None or place.process.died:
                try:
                    place.process = ChunkProcess(_context(), self._forward)
                except (OSError, EOFError) as error:
                    raise ProcessDied from error
                if stop.is_set():
                    place.process.tell(stop)
            return place.process

    def _tell(self, stop: Stop) -> None:
        for place in self._places:
            if place.process is not None:
                place.process.tell(stop)


class _Place:
    """One of the processes, whichever it is at the moment."""

    def __init__(self) -> None:
        self.process: ChunkProcess | None = None
        self.calls = 0
        self.starting = threading.Lock()


def _context() -> BaseContext:
    """Processes of a fork server, which imports once for all of them, where the platform has it."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["flows.run.process_imports"])
    return context


def _failed(error: MailroomError) -> bytes:
    return pickle.dumps(Failed(message=error.told, data=error))
