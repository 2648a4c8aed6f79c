"""How a run ends in a process as a worker starts it: its state, and the last words of its log."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Cancelling

from tests.benchmarks.faulty_proxy import Moods, faulty_proxy
from tests.flows.run_processes import ENGINE, WORKERS, ended, run, started

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def one_mail(tmp_path: Path) -> Path:
    """A folder with one of the sample mails: fewer failures than open a circuit, whose end a run waits for."""
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copy(next(SAMPLES.glob("01-*.eml")), folder)
    return folder


@pytest.fixture(autouse=True)
def _surroundings(prefect_server: str, provider_env: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MAILROOM_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.setenv("MAILROOM_OUTPUT_DIR", str(tmp_path / "out"))
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[]")


@pytest.mark.soak
@pytest.mark.parametrize("command", [pytest.param(ENGINE, id="engine"), pytest.param(WORKERS, id="worker")])
def test_a_provider_that_is_away_ends_the_log_with_the_state(one_mail, monkeypatch, command):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    end = run(command, source=str(one_mail))
    end.assert_no_trace()
    assert (end.state.name, end.state.is_failed()) == ("ProviderFailed", True)
    assert end.log[-1].startswith("Finished in state ProviderFailed("), end.log


@pytest.mark.parametrize(
    ("variables", "parameters", "name"),
    [
        pytest.param({}, {}, "Completed", marks=pytest.mark.soak),
        ({"OPENAI_API_KEY": ""}, {}, "Misconfigured"),
        pytest.param({}, {"budget_usd": 0.0000001}, "BudgetTooSmall", marks=pytest.mark.soak),
    ],
)
def test_the_log_ends_with_the_state_that_was_meant(one_mail, monkeypatch, variables, parameters, name):
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    end = run(ENGINE, source=str(one_mail), **parameters)
    end.assert_no_trace()
    assert end.state.name == name
    assert end.log[-1].startswith(f"Finished in state {name}("), end.log


@pytest.mark.soak
@pytest.mark.parametrize("subjects", [True, False])
def test_the_log_begins_with_what_the_run_is_about_and_names_its_mails(one_mail, monkeypatch, subjects):
    monkeypatch.setenv("MAILROOM_LOG_SUBJECTS", str(subjects))
    end = run(ENGINE, source=str(one_mail), dry_run=True, budget_usd=1)
    first = "\n".join(end.log[:2])
    assert all(one in first for one in (str(one_mail), "openai:", "dry run", "$1 a run", "those shipped")), end.log
    (read,) = [line for line in end.log if "1 read." in line]
    assert ('"' in read) == subjects, read


@pytest.fixture
def asked(
    one_mail: Path, provider_env: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[UUID, subprocess.Popen[str]]]:
    """A run whose question is under way."""
    with faulty_proxy(provider_env.url, Moods(latency_s=4.0)) as far:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{far.url}/v1")
        with started(ENGINE, source=str(one_mail)) as (run_id, process):
            far.wait_for(1)
            yield run_id, process


def test_a_run_that_a_signal_ends_says_last_how_to_go_on(asked):
    run_id, process = asked
    process.send_signal(signal.SIGTERM)
    end = ended(run_id, process)
    end.assert_no_trace()
    assert end.state.name == "Crashed"
    assert end.log[-1].startswith("The run was stopped: it was told to end (SIGTERM). Start it again"), end.log
    assert "Finished in state Crashed(" in end.said.splitlines()[-1], end.said


@pytest.mark.soak
def test_a_run_that_is_cancelled_ends_its_log_with_the_state(asked):
    run_id, process = asked
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, Cancelling(), force=True)
    end = ended(run_id, process)
    end.assert_no_trace()
    assert end.state.name == "Stopped"
    assert end.log[-1].startswith("Finished in state Stopped("), end.log


def test_a_run_that_is_cancelled_at_a_worker_says_last_who_ended_it(asked):
    run_id, process = asked
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, Cancelling(), force=True)
    process.send_signal(signal.SIGTERM)  # as a worker does as soon as it hears of that
    end = ended(run_id, process)
    end.assert_no_trace()
    assert end.state.name == "Stopped"
    assert "it was cancelled in Prefect's UI. Start it again to go on" in end.log[-1], end.log
    assert end.log[-1].startswith("Finished in state Stopped("), end.log
