"""A source whose runs fail rests ever longer; what may have mended it ends that; no run is started beside another."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.events import Event, Resource
from prefect.states import Cancelled, Completed, Crashed, Failed, Pending, Running, Scheduled
from prefect.variables import Variable

from deployments.inbox.resting import AT_WORK_LOOK_S, CURED_LOOK_S, rest_after, rest_of
from flows.process_mail import process_mail

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MOST_S = 1_800


def runs(*states):
    """Runs that reached these states, the newest first, each with its age in seconds."""
    return [SimpleNamespace(state=state(timestamp=NOW - timedelta(seconds=age))) for state, age in states]


def test_waits_grow_with_each_failed_run_up_to_the_bound():
    waits = []
    for failed in range(1, 6):
        since = 1.0
        while rest_after(runs(*[(Failed, since + 9 * n) for n in range(failed)]), NOW, MOST_S):
            since += 1
        waits.append(since)
    assert waits == [60, 240, 960, 1_800, 1_800]


@pytest.mark.parametrize("state", [Running, Pending, Scheduled])
def test_no_run_is_started_beside_one_at_work(state):
    rest = rest_after(runs((state, 1), (Completed, 50)), NOW, MOST_S)
    assert rest is not None
    assert (rest.look_in_s, rest.why) == (AT_WORK_LOOK_S, "")


@pytest.mark.parametrize("states", [(), ((Completed, 1), (Failed, 20)), ((Failed, 61), (Completed, 70))])
def test_a_source_without_a_recent_failure_does_not_rest(states):
    assert rest_after(runs(*states), NOW, MOST_S) is None


def test_what_is_said_names_the_state_and_what_ends_the_wait():
    rest = rest_after(runs((lambda **when: Failed(name="Misconfigured", **when), 5)), NOW, MOST_S)
    assert rest is not None
    assert rest.look_in_s == CURED_LOOK_S
    assert "The last run failed (Misconfigured), so the next is started 1 min after it" in rest.why


@pytest.fixture
def source(prefect_server):
    """The name of a source that no other test's runs have."""
    return f"imap://{uuid4()}"


def make_run(source, state):
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(process_mail, parameters={"source": source}, state=Pending())
        client.set_flow_run_state(run.id, Running(), force=True)
        client.set_flow_run_state(run.id, state, force=True)


def rests(source):
    return asyncio.run(rest_of(source, MOST_S))


def test_runs_on_a_server_are_those_of_the_source_and_cancelled_ones_say_nothing(source):
    assert rests(source) is None
    make_run(source, Failed(name="ProviderFailed"))
    make_run(source, Crashed())
    make_run(source, Cancelled())
    assert "2 runs failed" in rests(source).why
    assert rests(f"{source}/Archive") is None
    make_run(source, Completed())
    assert rests(source) is None


def save_a_variable():
    Variable.set("mailroom-resting-test", "x", overwrite=True)


def save_a_secret():
    Secret(value="x").save("resting-test", overwrite=True)


def start_a_worker():
    async def tell():
        async with get_client() as client:
            event = Event(event="prefect.worker.started", resource=Resource({"prefect.resource.id": "worker.x"}))
            await client.request("POST", "/events", json=[event.model_dump(mode="json")])

    asyncio.run(tell())


@pytest.mark.parametrize("mend", [save_a_variable, save_a_secret, start_a_worker])
def test_a_sign_that_something_was_mended_ends_the_rest_until_the_next_failure(source, mend):
    make_run(source, Failed(name="Misconfigured"))
    assert rests(source)
    mend()
    for _ in range(100):  # events are written a moment later
        if rests(source) is None:
            break
        time.sleep(0.2)
    assert rests(source) is None
    make_run(source, Failed(name="Misconfigured"))
    assert "2 runs failed" in rests(source).why
