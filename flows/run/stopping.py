"""Ends a run early: it sends no more requests, waits for those in flight, and logs how to continue."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException, TerminationSignal
from prefect.futures import PrefectFuture
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run

from tasks.errors import Stopped
from tasks.policies import STOP_WITHIN_S
from tasks.providers.event_loop import model_loop
from tasks.runs import Run
from tasks.shared_stops import stop_recorded
from tasks.stops import Stop, stop_of

log = logging.getLogger("mailroom.report")

GO_ON = "Start it again to go on: what was answered is on record and is not paid for again."
CANCELLED = "it was cancelled in Prefect's UI"
_LOOK_EVERY_S = 3.0
_ANSWER_S = 5.0


@contextmanager
def ends_in_order(run: Run, pending: Sequence[PrefectFuture[Any]]) -> Iterator[None]:
    """If the body ends early, stop the run's requests and wait until those in flight are on record.

    The cause may be a signal, an error, a lost lease, or a person who cancels the run in Prefect's UI. `pending` are
    the chunks that are not finished.
    """
    stop = stop_of(run.id)
    with stop_recorded(run), _cancelling_heard(stop):
        try:
            yield
        except BaseException as error:
            stop.set(_why(error))
            log.info("The run ends early: %s. Calls under way are waited for.", stop.why)
            _wait_for_calls(pending, stop)
            if isinstance(error, TerminationSignal) and _is_cancelled():
                raise Stopped(f"The run was stopped: {CANCELLED}.") from error
            log.warning("The run was stopped: %s. %s", stop.why, GO_ON)
            _send_logs()
            raise


def _why(error: BaseException) -> str:
    if isinstance(error, TerminationSignal):
        return "it was told to end (SIGTERM)"
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted (SIGINT)"
    return f"it met an error ({type(error).__name__})"


def _wait_for_calls(pending: Sequence[PrefectFuture[Any]], stop: Stop) -> None:
    """Wait until all chunks have ended. Calls that take too long are cancelled, and all calls after a second signal."""
    deadline = time.monotonic() + STOP_WITHIN_S
    try:
        for future in pending:
            future.wait(max(0.0, deadline - time.monotonic()))
    except BaseException:
        _cut_off(stop)
        raise
    if time.monotonic() >= deadline:
        _cut_off(stop)


def _cut_off(stop: Stop) -> None:
    stop.cut_off()
    model_loop().cut_off()


def _send_logs() -> None:
    # A process that is ended by a signal does not send its logs at exit.
    for handler in logging.getLogger("prefect.flow_runs").handlers + logging.getLogger("prefect").handlers:
        if isinstance(handler, APILogHandler):
            handler.flush()


@contextmanager
def _cancelling_heard(stop: Stop) -> Iterator[None]:
    """Stop the run when a person cancels it in Prefect's UI. Prefect itself ends only runs that a worker started."""
    done = threading.Event()
    if flow_run.id:
        look = threading.Thread(
            target=copy_context().run,
            args=(_look_for_cancelling, str(flow_run.id), stop, done),
            name="run-observer",
            daemon=True,
        )
        look.start()
    try:
        yield
    finally:
        done.set()


def _look_for_cancelling(flow_run_id: str, stop: Stop, done: threading.Event) -> None:
    client = get_client(sync_client=True)  # the run's own client, which is closed with the run
    while not done.wait(_LOOK_EVERY_S):
        if _found_cancelled(client, flow_run_id):
            stop.set(CANCELLED)
            return


def _is_cancelled() -> bool:
    """Whether a person cancelled this run, as far as the server says in time; a worker then ends it by a signal."""
    if not (flow_run_id := flow_run.id):
        return False
    found: list[bool] = []
    client = get_client(sync_client=True)  # it is patient with a server that hangs, and the run has to end
    asking = threading.Thread(target=lambda: found.append(_found_cancelled(client, str(flow_run_id))), daemon=True)
    asking.start()
    asking.join(_ANSWER_S)
    return any(found)


def _found_cancelled(client: SyncPrefectClient, flow_run_id: str) -> bool:
    try:
        state: State[Any] | None = client.read_flow_run(UUID(flow_run_id)).state
    except (HTTPError, PrefectException, RuntimeError):
        return False  # the server is unavailable, or the run has ended
    return state is not None and (state.is_cancelling() or state.is_cancelled())
