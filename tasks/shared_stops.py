"""Stops that reach the chunks of a run in other processes, through the ledger.

A signal reaches the run's own process alone. Where other processes answer the chunks, on this machine or a cluster's
(Dask, Ray), that process records the stop, and they look for it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from tasks.ledger.engine import open_ledger
from tasks.ledger.runs import read_stop, record_stop
from tasks.runs import Run
from tasks.stops import Stop, stop_of

log = logging.getLogger("mailroom.understand")

LOOK_EVERY_S = 1.0
# A chunk may wait so long for its next try. A process that saw no chunk for longer has no more of the run.
_LISTEN_FOR_S = 900.0

_lock = threading.Lock()
_heard_until: dict[tuple[int, str], float] = {}


@contextmanager
def stop_recorded(run: Run) -> Iterator[None]:
    """While the block lasts, record a stop of the run as soon as it is set, if other processes answer its chunks."""
    if run.settings.task_runner == "threads":
        yield
        return
    engine = open_ledger(run.settings.ledger)

    def tell(stop: Stop) -> None:
        try:
            record_stop(engine, run.id, stop.why)
        except DBAPIError as error:
            log.warning("The ledger could not be told that the run stops (%s).", type(error).__name__)

    record_stop(engine, run.id, None)
    stop_of(run.id).follow(tell)
    try:
        yield
    finally:
        stop_of(run.id).unfollow(tell)


def listen_for_stop(run: Run) -> None:
    """Let a stop of this run reach this process; in threads of the run's own process this does nothing.

    The first look is before this returns, so that a chunk which comes too late asks nothing.
    """
    if run.settings.task_runner == "threads":
        return
    name = (os.getpid(), run.id)
    with _lock:
        listening = name in _heard_until
        _heard_until[name] = time.monotonic() + _LISTEN_FOR_S
    _look(run)
    if not listening:
        threading.Thread(target=_listen, args=(run, name), name="stop-listener", daemon=True).start()


def _listen(run: Run, name: tuple[int, str]) -> None:
    while time.monotonic() < _heard_until[name] and not _look(run):
        time.sleep(LOOK_EVERY_S)
    with _lock:
        del _heard_until[name]


def _look(run: Run) -> bool:
    """Whether the run must end, as the ledger says."""
    try:
        why = read_stop(open_ledger(run.settings.ledger), run.id)
    except DBAPIError:
        return False  # the ledger is unavailable, which the calls will notice
    if why:
        stop_of(run.id).set(why)
    return bool(why)
