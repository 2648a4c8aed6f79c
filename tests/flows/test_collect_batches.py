"""Economy mode from end to end: a run sends batches, rounds collect them, at half the price."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flows.collect_batches import collect_batches
from flows.process_mail import process_mail
from tasks.ledger.cost_book import cost_book, total
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import batches, outcomes
from tasks.settings import read_settings

SAMPLES = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def few(tmp_path):
    """A folder with three of the sample mails."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("0[123]-*.eml")):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def rows(prefect_server, provider_env):
    """The latest outcome rows of all mails, by id."""

    def read() -> dict[str, dict[str, Any]]:
        engine = open_ledger(read_settings().ledger)
        newest = select(outcomes.c.row).where(outcomes.c.status != "SKIPPED").order_by(outcomes.c.number)
        with engine.begin() as connection:
            return {row["id"]: row for row in connection.scalars(newest)}

    return read


def statuses(rows: dict[str, dict[str, Any]]) -> set[str]:
    return {row["status"] for row in rows.values()}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_two_rounds_bring_both_answers_at_half_the_price(rows, few, simulator, provider):
    sent = process_mail(str(few), provider=provider, mode="economy", target_language="Japanese", return_state=True)
    assert "3 processing" in sent.message
    assert statuses(rows()) == {"PROCESSING"}

    collect_batches(return_state=True)
    assert statuses(rows()) == {"PROCESSING"}  # triage has come, the analysis is asked for

    done = collect_batches(return_state=True)
    assert done.is_completed(), done.message
    found = rows()
    assert statuses(found) == {"COMPLETED"}
    # One of the mails asks for Spanish itself; for the others, the first run's wish holds in the later ones.
    assert sorted(row["target_language"] for row in found.values()) == ["es", "ja", "ja"]
    assert all(row["translation"] for row in found.values())

    stats = simulator.stats()
    assert stats["total"]["answered"] == 0, "nothing was asked at the full price"
    engine = open_ledger(read_settings().ledger)
    book = total(cost_book(engine, "model"))
    assert book.calls == stats["batched"]["answered"] == 6
    assert book.input_tokens == stats["batched"]["input_tokens"]
    assert book.unended == 0
    with engine.begin() as connection:
        assert {row.state for row in connection.execute(select(batches))} == {"closed"}


def test_another_run_leaves_mails_alone_that_wait_for_a_batch(rows, few, simulator):
    process_mail(str(few), mode="economy", return_state=True)
    process_mail(str(few), return_state=True)
    assert simulator.stats()["total"]["answered"] == 0
    assert simulator.stats()["batches"] == 1


def test_what_the_budget_cannot_pay_is_left_for_another_run(rows, few, simulator):
    process_mail(str(few), mode="economy", budget_usd="0.000001", return_state=True)
    assert simulator.stats()["batches"] == 0
    process_mail(str(few), return_state=True)
    assert statuses(rows()) == {"COMPLETED"}


def test_gemini_is_said_to_have_no_batches(rows, few):
    state = process_mail(str(few), provider="gemini", mode="economy", return_state=True)
    assert state.name == "Misconfigured"
    assert "openai or anthropic" in state.message


def test_nothing_to_collect_is_no_trouble(rows):
    assert collect_batches(return_state=True).is_completed()


def test_a_batch_is_finished_by_the_categories_it_was_asked_with(rows, variables, tmp_path, simulator):
    mail = tmp_path / "bill.eml"
    mail.write_text("From: a@a.example\nSubject: November\n\nPayable within 14 days: 230 euros.\n")
    bill = {"name": "BILL", "meaning": "to be paid.", "words": ["payable within"]}
    variables(mailroom_categories={"categories": [bill], "keep_shipped": True})
    process_mail(str(mail), mode="economy", return_state=True)
    variables(mailroom_categories={"categories": [{"name": "REST"}]})

    for _ in range(2):
        done = collect_batches(return_state=True)

    assert done.is_completed(), done.message
    assert [(row["category"], row["status"]) for row in rows().values()] == [("BILL", "COMPLETED")]
    assert simulator.stats()["batches"] == 2  # one for the triage, one for the analysis
