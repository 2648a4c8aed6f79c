"""Whether a run may be started for mail that waits: not while one is at work, and ever more seldom while they fail.

Without this, an inbox whose runs cannot succeed (a wrong key, a provider that is away, rules that cannot be read) would
get a run that fails for every mail that arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from deployments.inbox.prefect_server import PATIENCE_S, open_client

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

FIRST_S = 60.0
GROWS_BY = 4
"""After the first failed run the next begins after `FIRST_S`, after the second after four times as long, and so on."""
AT_WORK_LOOK_S = 3.0
CURED_LOOK_S = 15.0
"""How often it is looked for signs that what was wrong has been mended."""
_NEWEST_RUNS = 30
_FLOW = "process-mail"
_MENDED_BLOCKS = ("mailbox", "secret")


@dataclass(frozen=True, kw_only=True)
class Rest:
    """No run is to be started now; it is to be asked again in `look_in_s`."""

    look_in_s: float
    why: str = ""
    """For the log of the process that waits; empty where a run is at work, or will be."""


async def rest_of(source: str, most_s: float) -> Rest | None:
    """Whether runs over this source rest, for at most `most_s` after a failed one; null when one may be started.

    Raises any error that prevents an answer.
    """
    async with asyncio.timeout(PATIENCE_S), await open_client() as client:
        runs = [run for run in await _newest_runs(client) if run.parameters.get("source") == source]
        rest = rest_after(runs, datetime.now(UTC), most_s)
        if rest is not None and rest.why and await _something_was_mended(client, _began(runs[0])):
            return None
        return rest


def rest_after(runs: Sequence[FlowRun], now: datetime, most_s: float) -> Rest | None:
    """What these runs of a source mean for the next one; the newest is first, and cancelled ones are left out."""
    if any(run.state is not None and not run.state.is_final() for run in runs):
        return Rest(look_in_s=AT_WORK_LOOK_S)
    failed = list(takewhile(_has_failed, runs))
    if not failed or failed[0].state is None:
        return None
    wait_s = min(FIRST_S * GROWS_BY ** (len(failed) - 1), most_s)
    left_s = (failed[0].state.timestamp + timedelta(seconds=wait_s) - now).total_seconds()
    if left_s <= 0:
        return None
    last = (
        f"The last run failed ({failed[0].state.name})" if len(failed) == 1 else f"The last {len(failed)} runs failed"
    )
    why = (
        f"{last}, so the next is started {wait_s / 60:.0f} min after it; sooner when a worker is started, a Variable "
        "`mailroom-…` or a block `Mailbox` or `Secret` is saved, or a run is started by hand. The mail is kept."
    )
    return Rest(look_in_s=min(left_s, CURED_LOOK_S), why=why)


def _has_failed(run: FlowRun) -> bool:
    return run.state is not None and (run.state.is_failed() or run.state.is_crashed())


def _began(run: FlowRun) -> datetime:
    began = run.start_time or run.expected_start_time or run.created
    assert began
    return began


async def _newest_runs(client: PrefectClient) -> list[FlowRun]:
    """Runs that have begun or should have, newest first; cancelled ones say nothing of what is wrong."""
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    wanted = filters.FlowRunFilter(
        state=filters.FlowRunFilterState(
            type=filters.FlowRunFilterStateType(not_any_=[StateType.CANCELLED, StateType.CANCELLING])
        ),
        expected_start_time=filters.FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
    )
    flow = filters.FlowFilter(name=filters.FlowFilterName(any_=[_FLOW]))
    newest = FlowRunSort.EXPECTED_START_TIME_DESC
    return await client.read_flow_runs(flow_filter=flow, flow_run_filter=wanted, sort=newest, limit=_NEWEST_RUNS)


async def _something_was_mended(client: PrefectClient, since: datetime) -> bool:
    """Whether a worker began since then, with another environment perhaps, or what a run reads was saved anew."""
    from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter

    began = EventFilter(
        event=EventNameFilter(name=["prefect.worker.started"]), occurred=EventOccurredFilter(since=since)
    )
    if (await client.read_events(began, limit=1)).events:
        return True
    named = {"variables": {"name": {"like_": "mailroom-%"}}}
    variables = await client.request("POST", "/variables/filter", json=named)
    kinds = {"block_types": {"slug": {"any_": _MENDED_BLOCKS}}, "include_secrets": False}
    blocks = await client.request("POST", "/block_documents/filter", json=kinds)
    return any(_saved(one) > since for one in [*variables.json(), *blocks.json()])


def _saved(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["updated"])
