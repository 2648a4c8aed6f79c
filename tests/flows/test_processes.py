"""`MAILROOM_TASK_RUNNER=processes`: chunks in two processes beside the run's own, one of which may die."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import Log
from sqlalchemy import create_engine, text

from flows.process_mail import process_mail
from flows.run.process_task_runner import ChunkTaskRunner
from tasks.ledger.outcomes import read_run
from tests.benchmarks.faulty_proxy import Moods, faulty_proxy
from tests.benchmarks.made_mails import made_mails, write_mbox

MAILS = 16
CHUNK = 4
KEY = "sk-canary-8c31d7"
OF_THE_RUN = {"run_id", "processed_at", "seconds"}


@pytest.fixture
def source(
    prefect_server: str, provider_env: Any, ledger_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> str:
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    monkeypatch.setenv("MAILROOM_CHUNK_ROWS", str(CHUNK))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    write_mbox(tmp_path / "mails.mbox", MAILS, 1)
    return str(tmp_path / "mails.mbox")


def outcomes_of(source: str, ledger_url: str, **options: Any) -> tuple[Any, list[dict[str, Any]]]:
    """A run's last state and its rows."""
    state = process_mail.with_options(**options)(source, return_state=True)
    return state, read_run(ledger_url, str(state.state_details.flow_run_id))


def in_processes() -> dict[str, Any]:
    return {"task_runner": ChunkTaskRunner(max_workers=2)}


def log_of(state: Any) -> list[Log]:
    """The run's log, once it has its last line."""
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        while True:
            lines = client.read_logs(wanted)
            if any("Finished in state" in line.message and line.task_run_id is None for line in lines):
                return lines
            time.sleep(0.1)


def test_outcomes_and_log_are_those_of_threads(source, ledger_url, monkeypatch, tmp_path):
    state, rows = outcomes_of(source, ledger_url, **in_processes())
    new_ledger = f"sqlite:///{tmp_path}/other.db"
    monkeypatch.setenv("MAILROOM_LEDGER_URL", new_ledger)
    other, expected = outcomes_of(source, new_ledger)

    assert state.name == other.name == "Completed"
    assert [_lasting(row) for row in rows] == [_lasting(row) for row in expected]
    lines, by_threads = log_of(state), log_of(other)
    assert Counter(_kind(line) for line in lines) == Counter(_kind(line) for line in by_threads)
    assert sum("4 read.\n" in line.message and line.task_run_id is not None for line in lines) == MAILS / CHUNK
    told = json.dumps([line.message for line in lines])
    assert KEY not in told
    assert [mail.number for mail in made_mails(MAILS, 1) if mail.text[:40] in told] == []


def test_a_process_that_is_killed_costs_its_chunks_a_try(source, ledger_url, provider_env, monkeypatch):
    with faulty_proxy(provider_env.url, Moods(latency_s=0.5)) as far, ThreadPoolExecutor(1) as beside:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{far.url}/v1")
        killed = beside.submit(kill_one, far.ring_after(2 * CHUNK))
        state, rows = outcomes_of(source, ledger_url, **in_processes())

    assert killed.result() > 0
    assert state.name == "Completed"
    assert [row["status"] for row in rows] == ["COMPLETED"] * MAILS
    assert len({row["message_key"] for row in rows}) == MAILS
    assert "A process that worked on chunks died; its chunks are tried again." in [
        line.message for line in log_of(state)
    ]
    answered = done_answers(ledger_url)
    assert set(answered.values()) == {1}
    # What was in flight at the kill, and only that, was made and lost.
    assert far.made.total() - answered.total() <= 2 * CHUNK


def kill_one(alarm: Any) -> int:
    """Kill one of the chunks' processes once the alarm rings; its number."""
    assert alarm.wait(60)
    process = next(one for one in multiprocessing.active_children() if one.name == "mailroom-chunks")
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    return process.pid


def done_answers(ledger_url: str) -> Counter[str]:
    """How often each question has an answer in the book."""
    engine = create_engine(ledger_url)
    with engine.connect() as connection:
        found = Counter(connection.scalars(text("SELECT key FROM completions WHERE state = 'done'")))
    engine.dispose()
    return found


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in OF_THE_RUN}


def _kind(line: Log) -> tuple[str, int, bool]:
    return line.name, line.level, line.task_run_id is not None
