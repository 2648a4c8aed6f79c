"""Runs that were on their way when their server was killed free their slots once a worker is up again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.events.filters import EventFilter, EventResourceFilter
from prefect.states import Paused, Pending, Running

from deployments.kept_changes import TAG
from deployments.worker import stuck_runs


@flow
def nothing_to_do() -> None:
    return None


@pytest.fixture
def client(prefect_server):
    with get_client(sync_client=True) as found:
        yield found


def on_its_way(client, state, tags=(TAG,)):
    run = client.create_flow_run(nothing_to_do, tags=tags)
    client.set_flow_run_state(run.id, state, force=True)
    return run.id


def name_of(client, run_id):
    return client.read_flow_run(run_id).state.name


def soon():
    return datetime.now(UTC) + timedelta(seconds=1)


def test_silent_runs_of_ours_are_marked_as_crashed_and_no_others(client, monkeypatch):
    monkeypatch.setattr(stuck_runs, "PENDING_S", 0.0)
    stuck = [on_its_way(client, state) for state in (Running(), Pending())]
    others = [on_its_way(client, Running(), tags=("else",)), on_its_way(client, Paused(timeout_seconds=600))]
    waited: list[float] = []

    freed = stuck_runs.free_stuck_runs(client, soon(), waited.append)

    assert set(stuck) <= set(freed)
    assert not set(others) & set(freed)
    assert {name_of(client, run_id) for run_id in stuck} == {"Crashed"}
    assert waited == [stuck_runs.SILENCE_S]


def test_a_run_that_goes_on_or_waits_for_its_process_is_left_alone(client):
    began = datetime.now(UTC)
    alive, going_on, fetched = (on_its_way(client, state) for state in (Running(), Running(), Pending()))

    def meanwhile(_seconds: float) -> None:
        emit_event("prefect.flow-run.heartbeat", resource={"prefect.resource.id": f"prefect.flow-run.{alive}"})
        client.set_flow_run_state(going_on, Running(name="Retrying"), force=True)
        heard = EventFilter(resource=EventResourceFilter(id=[f"prefect.flow-run.{alive}"]))
        while not [
            one for one in client.read_events(heard, limit=50).events if one.event == "prefect.flow-run.heartbeat"
        ]:
            time.sleep(0.1)

    suspects = stuck_runs._on_their_way(client, soon())
    assert {alive, going_on, fetched} <= {run.id for run in suspects}
    meanwhile(0.0)
    assert not {alive, going_on, fetched} & {
        run.id for run in suspects if stuck_runs._still_silent(client, run, began - timedelta(seconds=1))
    }


def test_what_began_after_the_worker_is_no_suspect(client):
    began = datetime.now(UTC) - timedelta(seconds=5)
    later = on_its_way(client, Running())

    assert later not in {run.id for run in stuck_runs._on_their_way(client, began)}
