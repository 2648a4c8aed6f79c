"""A stop of a run reaches its chunks in other processes."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection

import pytest

from flows.run.stopping import ends_in_order
from tasks.ledger.engine import open_ledger
from tasks.ledger.runs import read_stop, record_run
from tasks.runs import Run
from tasks.settings import Settings
from tasks.shared_stops import listen_for_stop, stop_recorded
from tasks.stops import stop_of


def _chunk_elsewhere(run: Run, said: Connection) -> None:
    """What a process of a cluster does with a chunk: it listens, works, and tells why it must stop."""
    listen_for_stop(run)
    said.send(stop_of(run.id).why)
    if stop_of(run.id).wait(30):
        said.send(stop_of(run.id).why)


@pytest.fixture(params=["processes", "dask"])
def run(request: pytest.FixtureRequest, ledger_url: str) -> Run:
    engine = open_ledger(ledger_url)
    record_run(engine, "run-1", flow="process-mail")
    return Run(id="run-1", settings=Settings(ledger_url=ledger_url, task_runner=request.param))


@pytest.fixture
def elsewhere(run):
    """Starts a chunk in another process, and gives what it says."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_chunk_elsewhere, args=(run, theirs), daemon=True)

    def start() -> Connection:
        process.start()
        return ours

    yield start
    process.kill()
    process.join(20)


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    stop_of.cache_clear()


def test_a_chunk_of_another_process_hears_why_the_run_stops(run, elsewhere):
    with stop_recorded(run):
        said = elsewhere()
        assert said.recv() == ""
        stop_of(run.id).set("it was told to end (SIGTERM)")
        assert said.recv() == "it was told to end (SIGTERM)"


def test_a_chunk_that_begins_after_the_stop_hears_it_before_it_asks_anything(run, elsewhere):
    with stop_recorded(run):
        stop_of(run.id).set("it was cancelled in Prefect's UI")
        assert elsewhere().recv() == "it was cancelled in Prefect's UI"


def test_a_run_that_is_resumed_is_stopped_no_longer(run):
    engine = open_ledger(run.settings.ledger)
    with stop_recorded(run):
        stop_of(run.id).set("it was interrupted (SIGINT)")
    assert read_stop(engine, run.id) == "it was interrupted (SIGINT)"
    stop_of.cache_clear()
    with stop_recorded(run):
        assert read_stop(engine, run.id) is None
        listen_for_stop(run)
        assert not stop_of(run.id).is_set()


def test_whatever_ends_a_run_early_reaches_them(run):
    with pytest.raises(ValueError, match="odd"), ends_in_order(run, []):
        raise ValueError("odd")
    assert read_stop(open_ledger(run.settings.ledger), run.id) == "it met an error (ValueError)"
