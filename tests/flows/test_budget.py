"""Budgets: never exceeded, the rest is processed later, and the final bill is the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.process_mail import process_mail
from flows.run.estimate import estimate_source
from tasks.categories import DEFAULT_CATEGORIES
from tasks.ingest.shares import record_source
from tasks.ledger.clocks import ledger_time
from tasks.ledger.cost_book import CostLine, cost_book, total
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import read_run
from tasks.mailbox.sources import open_source
from tasks.settings import Settings, read_settings
from tests.benchmarks.made_mails import write_mbox
from tests.services.ledgers import estimate_of

SAMPLES = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox"
# One model for all, whose dearest call is a small part of what ten mails cost.
MODEL = {"triage_model": "gpt-6-luna", "analysis_model": "gpt-6-luna"}
MODEL_VARIABLES = {f"MAILROOM_{name.upper()}": model for name, model in MODEL.items()}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    """A folder with ten of the sample mails."""
    folder = tmp_path / "ten"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("[01][0-9]-*.eml"))[:10]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def run(prefect_server, provider_env, monkeypatch):
    """Runs the flow and gives its last state, its rows and its id."""
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[]")
    monkeypatch.setenv("OPENAI_MAX_TOKENS", "400")

    def run_flow(source: Path, **parameters: Any) -> tuple[Any, list[dict[str, Any]], str]:
        state = process_mail(str(source), return_state=True, **MODEL, **parameters)
        run_id = str(state.state_details.flow_run_id)
        return state, read_run(read_settings().ledger, run_id), run_id

    return run_flow


def book() -> CostLine:
    return total(cost_book(open_ledger(read_settings().ledger), "model"))


def test_a_budget_stops_a_run_before_it_is_passed_and_the_next_run_finishes_the_rest(run, ten, monkeypatch):
    budget = Decimal("0.0015")
    state, rows, _run_id = run(ten, budget_usd=budget)
    assert state.name == "StoppedAtBudget"
    assert 0 < book().usd <= budget
    left = [row for row in rows if row["status"] == "PENDING"]
    assert left
    assert all("has $" in row["error"] for row in left)

    state, rows, _run_id = run(ten)
    assert {row["status"] for row in rows if row["status"] != "SKIPPED"} == {"COMPLETED"}
    both = book()

    monkeypatch.setenv("MAILROOM_LEDGER_URL", "sqlite:///other.db")
    run(ten, refresh=True)
    assert (book().usd, book().input_tokens) == (both.usd, both.input_tokens)


def test_a_run_says_what_it_will_cost_and_its_rows_say_what_it_did(run, ten, simulator):
    _state, rows, run_id = run(ten)
    engine = open_ledger(read_settings().ledger)
    estimate = estimate_of(engine, run_id)
    assert estimate is not None
    assert Decimal(estimate["stages"]["total"]["worst_usd"]) > book().usd
    assert estimate["mails"] == len(rows)
    assert sum(row["input_tokens"] for row in rows) == book().input_tokens
    assert sum(Decimal(str(row["cost_usd"])) for row in rows) == book().usd
    assert book().input_tokens == simulator.stats()["total"]["input_tokens"]


def test_mails_asked_about_together_are_billed_mail_by_mail(run, ten, simulator, monkeypatch):
    monkeypatch.setenv("MAILROOM_MAILS_PER_CALL", "10")
    _state, rows, _run_id = run(ten)
    assert {row["status"] for row in rows} == {"COMPLETED"}
    engine = open_ledger(read_settings().ledger)
    asked = {line.name: line.calls for line in cost_book(engine, "question")}
    assert asked["triage_together"] == 1
    assert sum(row["input_tokens"] for row in rows) == book().input_tokens == simulator.stats()["total"]["input_tokens"]
    assert sum(line.nano_usd for line in cost_book(engine, "category")) == book().nano_usd


def test_an_unknown_price_with_a_budget_is_an_error_before_anything_is_asked(run, ten, simulator):
    state = process_mail(str(ten), triage_model="house-model", budget_usd=Decimal(1), return_state=True)
    assert state.name == "Misconfigured"
    assert "house-model" in state.message
    assert simulator.stats()["total"]["answered"] == 0


def test_half_a_budget_finishes_half_of_the_mails_one_after_the_other(
    prefect_server, provider_env, tmp_path, monkeypatch
):
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[]")
    folder = tmp_path / "twenty"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("*.eml"))[:20]:
        shutil.copy(path, folder)
    monkeypatch.setenv("MAILROOM_LEDGER_URL", "sqlite:///whole.db")
    process_mail(str(folder), return_state=True)
    whole = book().usd

    monkeypatch.setenv("MAILROOM_LEDGER_URL", "sqlite:///half.db")
    state = process_mail(str(folder), budget_usd=float(whole / 2), return_state=True)
    rows = read_run(read_settings().ledger, str(state.state_details.flow_run_id))
    statuses = Counter(row["status"] for row in rows)
    assert book().usd <= whole / 2
    assert statuses["COMPLETED"] >= 8
    begun = [row for row in rows if row["status"] == "PENDING" and row["attempts"]]
    assert len(begun) <= 2
    assert state.name == "StoppedAtBudget"
    assert "would finish them" in state.message


def share(folder: Path, environment: dict[str, str], told: dict[str, Any]) -> None:
    """Three processes take shares of the recorded source until none is left, or none can be paid for."""
    command = [sys.executable, "-m", "tests.flows.sharing", "3", json.dumps(told)]
    everything = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, cwd=folder, env=everything).returncode == 0


@pytest.mark.soak
def test_three_workers_keep_one_budget_and_the_next_three_finish_the_rest(prefect_server, provider_env, tmp_path):
    write_mbox(tmp_path / "mails.mbox", 300, 1)
    source = open_source(str(tmp_path / "mails.mbox"))
    spent = {}
    for name, budgets in (("half", ("half", None)), ("whole", (None,))):
        engine = open_ledger(f"sqlite:///{tmp_path}/{name}.db")
        settings = Settings(ledger_url=str(engine.url), triage_model=MODEL["triage_model"])
        record_source(source, engine, settings)
        estimated = estimate_source(str(tmp_path / "mails.mbox"), settings, DEFAULT_CATEGORIES).whole.expected_usd
        assert estimated is not None
        for part, budget in enumerate(budgets):
            environment = {
                **MODEL_VARIABLES, "MAILROOM_LEDGER_URL": str(engine.url), "OPENAI_MAX_TOKENS": "400",
                "PREFECT_HOME": str(tmp_path / name),  # its cache must not answer for the other ledger
            }  # fmt: skip
            if budget:
                environment["MAILROOM_BUDGET_USD"] = str(estimated / 2)
            told = {"source_name": source.name, "until": ledger_time(engine), "part_of": f"{name}-{part}"}
            share(tmp_path, environment, told)
            book = total(cost_book(engine, "model"))
            if budget:
                assert 0 < book.usd <= estimated / 2
        spent[name] = (book.usd, book.input_tokens, book.output_tokens)
    assert spent["half"] == spent["whole"]
