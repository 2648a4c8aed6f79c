"""The cost book's sums, over calls as the ledger keeps them."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import insert

from tasks.ledger.completions import LedgerBook
from tasks.ledger.cost_book import DIMENSIONS, UNSORTED, cost_book, total
from tasks.ledger.costs import record_group
from tasks.ledger.engine import open_ledger
from tasks.ledger.runs import record_estimate, record_run
from tasks.ledger.schema import outcomes
from tasks.questions import RawAnswer, Usage
from tests.services.ledgers import estimate_of

NOON = 1_795_608_000.0  # 2026-11-25 12:00 UTC
DAY = 86_400.0


@pytest.fixture
def engine(any_ledger_url: str) -> Any:
    return open_ledger(any_ledger_url)


def ask(
    engine: Any,
    mail: str,
    price: str | None,
    *,
    at: float = NOON,
    run_id: str = "run",
    question: str = "triage",
    usage: Usage | None = None,
    failed: bool = False,
    ended: bool = True,
) -> None:
    async def call() -> None:
        book = LedgerBook(engine, run_id=run_id, ttl_s=60, clock=lambda: at)
        number = await book.begin(
            sha256(f"{mail}{at}{question}".encode()).hexdigest(),
            message_key=mail,
            question=question,
            provider="openai",
            model="m",
            key_index=0,
        )
        bill = usage or Usage(input_tokens=10, output_tokens=1)
        money = None if price is None else Decimal(price)
        if failed:
            await book.fail(number, "VALIDATION_ERROR", usage=bill, price_usd=money, answer="", request_id=None)
        elif ended:
            await book.finish(number, RawAnswer(text="", usage=bill, model="m-2026", request_id=None), money)

    asyncio.run(call())


def sort_into(engine: Any, mail: str, category: str | None, status: str = "COMPLETED") -> None:
    row = {"run_id": "run", "message_key": mail, "status": status, "category": category, "processed_at": 0, "row": {}}
    with engine.begin() as connection:
        connection.execute(insert(outcomes), row | {"provider": "", "seconds": 0})


def money(lines: Any) -> dict[str, Decimal]:
    return {line.name: line.usd for line in lines}


def test_days_are_utc_and_in_order(engine):
    midnight = NOON - NOON % DAY
    for at, price in ((midnight + DAY, "3"), (midnight + DAY - 0.01, "2"), (midnight, "1")):
        ask(engine, "a", price, at=at)
    lines = cost_book(engine, "day")
    assert [(line.name, line.usd) for line in lines] == [("2026-11-25", 3), ("2026-11-26", 3)]


def test_models_are_those_that_answered_and_questions_by_name(engine):
    ask(engine, "a", "1")
    ask(engine, "a", "2", question="analysis", failed=True)
    assert money(cost_book(engine, "model")) == {"openai:m-2026": 1, "openai:m": 2}
    assert money(cost_book(engine, "question")) == {"analysis": 2, "triage": 1}


def test_a_mails_calls_stand_under_its_latest_category(engine):
    ask(engine, "a", "1")
    ask(engine, "b", "2")
    ask(engine, "c", "4")
    for mail, category, status in (
        ("a", "OTHER", "COMPLETED"),
        ("a", "URGENT", "COMPLETED"),
        ("a", None, "SKIPPED"),
        ("b", None, "FAILED"),
    ):
        sort_into(engine, mail, category, status)
    assert money(cost_book(engine, "category")) == {"URGENT": 1, UNSORTED: 6}


def test_a_call_about_several_mails_is_divided_among_their_categories(engine):
    ask(engine, record_group(engine, ["a", "b", "c"]), "0.000000100", usage=Usage(input_tokens=1_000, output_tokens=5))
    for mail, category in (("a", "URGENT"), ("b", "OTHER"), ("c", "OTHER")):
        sort_into(engine, mail, category)
    lines = cost_book(engine, "category")
    assert {line.name: line.nano_usd for line in lines} == {"URGENT": 34, "OTHER": 66}
    assert (total(lines).calls, total(lines).input_tokens, total(lines).output_tokens) == (1, 1_000, 5)


def test_deployments_are_those_of_the_runs_and_the_first_record_of_a_run_stands(engine):
    record_run(engine, "nightly", flow="process-mail", deployment="process-mail/nightly")
    record_run(engine, "nightly", flow="other")
    record_run(engine, "hand", flow="process-mail")
    for run_id, price in (("nightly", "3"), ("hand", "2"), ("unheard-of", "1")):
        ask(engine, "a", price, run_id=run_id)
    assert money(cost_book(engine, "deployment")) == {
        "process-mail/nightly": 3,
        "process-mail (by hand)": 2,
        "(by hand)": 1,
    }


@pytest.mark.parametrize("by", DIMENSIONS)
def test_every_view_sums_to_the_same_and_unknown_prices_are_counted(engine, by):
    record_run(engine, "run", flow="process-mail")
    ask(engine, "a", "1", usage=Usage(input_tokens=9, cache_read_tokens=4, cache_write_tokens=3, output_tokens=2))
    ask(engine, "b", None, question="analysis")
    ask(engine, "c", "2", failed=True, at=NOON + DAY)
    ask(engine, "d", None, ended=False)
    ask(engine, record_group(engine, ["a", "b"]), "4")
    sort_into(engine, "a", "URGENT")
    line = total(cost_book(engine, by))
    assert (line.calls, line.failed, line.unended, line.unpriced, line.usd) == (5, 1, 1, 1, Decimal(7))
    assert (line.input_tokens, line.cache_read_tokens, line.cache_write_tokens, line.output_tokens) == (39, 4, 3, 5)


def test_a_window_of_time_leaves_the_rest_out(engine):
    ask(engine, "a", "1", at=NOON)
    ask(engine, "a", "2", at=NOON + DAY)
    assert total(cost_book(engine, "model", since=NOON + 1)).usd == 2
    assert total(cost_book(engine, "model", until=NOON + 1)).usd == 1


def test_a_runs_estimate_is_kept(engine):
    record_run(engine, "run", flow="process-mail")
    assert estimate_of(engine, "run") is None
    record_estimate(engine, "run", {"expected_usd": "0.12"})
    assert estimate_of(engine, "run") == {"expected_usd": "0.12"}
