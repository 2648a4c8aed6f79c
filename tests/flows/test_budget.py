"""Money in a run: a budget that is not passed, a rest that is taken up, and a bill that is the same in the end."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.process_mail import process_mail
from tasks.ledger.cost_book import CostLine, cost_book, total
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import read_run
from tasks.ledger.runs import read_estimate
from tasks.settings import read_settings

SAMPLES = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox"
# One model for all, whose dearest call is a small part of what ten mails cost.
MODEL = {"triage_model": "gpt-6-luna", "analysis_model": "gpt-6-luna"}


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
    budget = Decimal("0.004")
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
    estimate = read_estimate(engine, run_id)
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
