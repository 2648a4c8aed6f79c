"""Runs that nobody carries out any more free their slots.

A server that was killed forgets who held its concurrency slots. A run that was on its way then keeps its slot for ever:
the automation that marks dead runs waits for a first sign of life, and this one gave none. So a worker, once it is up,
looks which runs were on their way before it, watches them for a while, and marks those that stay silent as crashed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter
from prefect.exceptions import PrefectException
from prefect.states import Crashed

from deployments.kept_changes import TAG
from deployments.local.prefect_env import SILENCE_S

log = logging.getLogger("mailroom.worker")

PENDING_S = 900.0
"""How long a run may wait for its process: a pod whose image must be fetched takes minutes."""
_ON_THE_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_MOST = 200  # of one answer of the server


def watch_in_background() -> None:
    """Look once, beside the work; a server that is away then has runs that the automation or the next worker finds."""
    threading.Thread(target=_watch, name="stuck-runs", daemon=True).start()


def _watch() -> None:
    pause = threading.Event()
    try:
        with get_client(sync_client=True) as client:
            free_stuck_runs(client, datetime.now(UTC), pause.wait)
    except (HTTPError, PrefectException) as error:
        log.info("Prefect could not be asked for runs that nobody carries out (%s).", type(error).__name__)


def free_stuck_runs(client: SyncPrefectClient, began: datetime, wait: Callable[[float], object]) -> list[UUID]:
    """The runs of ours that were on their way before `began`, and are marked as crashed since they stayed silent."""
    suspects = _on_their_way(client, began)
    if not suspects:
        return []
    wait(SILENCE_S)
    freed = [run.id for run in suspects if _still_silent(client, run, began)]
    for run_id in freed:
        told = (
            "No process gave a sign of life of this run since a worker began; its mails are taken up by the next run."
        )
        client.set_flow_run_state(run_id, Crashed(message=told), force=True)
        log.warning("Run %s was marked as crashed: nobody carries it out.", run_id)
    return freed


def _on_their_way(client: SyncPrefectClient, began: datetime) -> list[FlowRun]:
    ours = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[TAG]), state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_ON_THE_WAY))
    )
    return [
        run
        for run in client.read_flow_runs(flow_run_filter=ours, limit=_MOST)
        if run.state is not None and run.state.timestamp < began
    ]


def _still_silent(client: SyncPrefectClient, run: FlowRun, began: datetime) -> bool:
    now, before = client.read_flow_run(run.id).state, run.state
    if now is None or before is None or now.id != before.id:
        return False
    if now.is_pending() and (datetime.now(UTC) - now.timestamp).total_seconds() < PENDING_S:
        return False
    heard = EventFilter(
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
        occurred=EventOccurredFilter(since=began),
    )
    return not client.read_events(heard, limit=1).events
