"""Questions with answers are not asked again, and failed ones always are, with all caches."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flows.process_mail import process_mail
from flows.retry_failed import retry_failed
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import read_run
from tasks.ledger.schema import completions, outcomes
from tasks.settings import read_settings

SAMPLES = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox"
HOUR = 3_600.0


@pytest.fixture
def few(tmp_path):
    """A folder with three of the sample mails."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("0[123]-*.eml")):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def run(prefect_server, provider_env, monkeypatch):
    """Runs a flow and gives its rows; chunks are not tried again."""
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[]")
    # A model that does not think, so that a low limit cuts its answers.
    monkeypatch.setenv("MAILROOM_TRIAGE_MODEL", "gpt-4.1-mini")
    monkeypatch.setenv("MAILROOM_ANALYSIS_MODEL", "gpt-4.1-mini")

    def run_flow(flow: Any, *sources: Path, **parameters: Any) -> list[dict[str, Any]]:
        state = flow(*map(str, sources), **parameters, return_state=True)
        return read_run(read_settings().ledger, str(state.state_details.flow_run_id))

    return run_flow


def ended(rows: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(row["status"], row["error_type"]) for row in rows if row["status"] != "SKIPPED"}


def age(seconds: float) -> None:
    """Let everything in the ledger have happened so much earlier."""
    with open_ledger(read_settings().ledger).begin() as connection:
        for column in (completions.c.begun_at, completions.c.ended_at, outcomes.c.processed_at):
            connection.execute(update(column.table).values({column: column - seconds}))


@pytest.mark.parametrize("how", ["again", "retry"])
def test_what_was_cut_is_asked_again_once_the_limit_is_raised(run, few, monkeypatch, simulator, how):
    monkeypatch.setenv("OPENAI_MAX_TOKENS", "4")
    assert ended(run(process_mail, few)) == {("FAILED", "VALIDATION_ERROR")}

    monkeypatch.setenv("OPENAI_MAX_TOKENS", "1000")
    rows = run(process_mail, few, again=True) if how == "again" else run(retry_failed)

    assert ended(rows) == {("COMPLETED", None)}


def test_what_failed_is_asked_again_under_the_very_same_settings(run, few, monkeypatch, simulator):
    monkeypatch.setenv("OPENAI_MAX_TOKENS", "4")
    run(process_mail, few)
    asked = simulator.stats()["total"]["answered"]

    assert ended(run(process_mail, few, again=True)) == {("FAILED", "VALIDATION_ERROR")}

    # The three analyses, which were cut; triage has a limit of its own, and its answers are known.
    assert simulator.stats()["total"]["answered"] == asked + 3


@pytest.mark.parametrize(("name", "value"), [("OPENAI_MAX_TOKENS", "900")])
def test_a_setting_that_an_answer_depends_on_asks_anew(run, few, monkeypatch, simulator, name, value):
    run(process_mail, few)
    asked = simulator.stats()["total"]["answered"]

    monkeypatch.setenv(name, value)
    run(process_mail, few, again=True)

    assert simulator.stats()["total"]["answered"] == 2 * asked


def test_a_deleted_ledger_finds_no_failures_of_before(run, few, monkeypatch, simulator):
    monkeypatch.setenv("OPENAI_MAX_TOKENS", "4")
    run(process_mail, few)
    asked = simulator.stats()["total"]["answered"]
    open_ledger(read_settings().ledger).dispose()
    open_ledger.cache_clear()
    os.remove(read_settings().ledger.removeprefix("sqlite:///"))

    run(process_mail, few)

    assert simulator.stats()["total"]["answered"] == 2 * asked


def test_what_a_mail_was_answered_before_it_failed_is_not_paid_again_hours_later(run, few, monkeypatch, simulator):
    with monkeypatch.context() as wrong:
        wrong.setenv("MAILROOM_ANALYSIS_MODEL", "no-such-model")
        run(process_mail, few)
    mails = len(list(few.iterdir()))
    assert simulator.stats()["total"]["answered"] == mails
    age(3 * HOUR)

    assert ended(run(process_mail, few, again=True)) == {("COMPLETED", None)}

    assert simulator.stats()["total"]["answered"] == 2 * mails
