"""What a mail cost a run, from the calls the ledger holds."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import update

from tasks.ledger.completions import LedgerBook
from tasks.ledger.costs import Spending, record_group, spending
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import completions
from tasks.questions import RawAnswer, Usage


@pytest.fixture
def engine(any_ledger_url: str) -> Any:
    return open_ledger(any_ledger_url)


def book(engine: Any, run_id: str = "run") -> LedgerBook:
    return LedgerBook(engine, run_id=run_id, ttl_s=3_600)


async def _call(book: LedgerBook, mail: str, *, tokens: tuple[int, int], price: str | None, code: str = "") -> None:
    call = await book.begin(
        sha256(f"{mail}{tokens}{price}{code}".encode()).hexdigest(),
        message_key=mail,
        question="triage",
        provider="openai",
        model="m",
        key_index=0,
    )
    usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1])
    money = None if price is None else Decimal(price)
    if code:
        await book.fail(call, code, usage=usage, price_usd=money, answer=None, request_id=None)
    else:
        await book.finish(call, RawAnswer(text="{}", usage=usage, model="m", request_id="r"), money)


def ask(engine: Any, mail: str, *, run_id: str = "run", **what: Any) -> None:
    asyncio.run(_call(book(engine, run_id), mail, **what))


def test_a_mails_calls_took_as_long_as_all_of_them_that_ended_those_about_several_mails_too(engine):
    for tokens, run_id in (((100, 10), "run"), ((110, 20), "run"), ((1, 1), "other")):
        ask(engine, "a", tokens=tokens, price=None, run_id=run_id)
    ask(engine, record_group(engine, ["a", "b"]), tokens=(50, 5), price=None)
    asyncio.run(book(engine).begin("c", message_key="a", question="triage", provider="openai", model="m", key_index=0))
    with engine.begin() as connection:
        connection.execute(update(completions).values(begun_at=100.0))
        connection.execute(update(completions).where(completions.c.ended_at.is_not(None)).values(ended_at=102.5))

    found = spending(engine, "run", ["a", "b", "none"])
    assert {key: one.seconds for key, one in found.items()} == {"a": 7.5, "b": 2.5, "none": 0.0}


def test_a_failed_call_that_was_billed_counts(engine):
    ask(engine, "a", tokens=(100, 10), price="0.000001", code="VALIDATION_ERROR")
    ask(engine, "a", tokens=(110, 20), price="0.000002")
    assert spending(engine, "run", ["a"])["a"] == Spending(
        attempts=2, input_tokens=210, output_tokens=30, cost_usd=Decimal("0.000003")
    )


def test_other_runs_and_mails_are_left_out(engine):
    ask(engine, "a", tokens=(1, 1), price="1", run_id="other")
    ask(engine, "b", tokens=(1, 1), price="1")
    assert spending(engine, "run", ["a", "none"]) == {"a": Spending(), "none": Spending()}


def test_an_unknown_price_makes_the_mails_cost_unknown_never_less(engine):
    ask(engine, "a", tokens=(1, 1), price="1")
    ask(engine, "a", tokens=(2, 2), price=None)
    found = spending(engine, "run", ["a"])["a"]
    assert (found.attempts, found.input_tokens, found.cost_usd) == (2, 3, None)


def test_a_call_without_an_end_is_an_attempt_whose_price_is_still_to_come(engine):
    asyncio.run(book(engine).begin("k", message_key="a", question="triage", provider="openai", model="m", key_index=0))
    assert spending(engine, "run", ["a"])["a"] == Spending(attempts=1)


@pytest.mark.parametrize("size", [2, 3, 7])
def test_shares_of_a_call_about_several_mails_add_up_to_it(engine, size):
    mails = [f"mail{number}" for number in range(size)]
    ask(engine, record_group(engine, mails), tokens=(1_000, 101), price="0.000000017")
    found = spending(engine, "run", mails)
    assert sum(one.input_tokens for one in found.values()) == 1_000
    assert sum(one.output_tokens for one in found.values()) == 101
    assert sum(one.cost_usd for one in found.values()) == Decimal("0.000000017")
    assert {one.attempts for one in found.values()} == {1}


def test_a_groups_share_and_a_mails_own_calls_are_summed(engine):
    ask(engine, record_group(engine, ["a", "b"]), tokens=(10, 2), price="0.000000010")
    ask(engine, "a", tokens=(5, 1), price="0.000000003")
    found = spending(engine, "run", ["a", "b"])
    assert found["a"] == Spending(attempts=2, input_tokens=10, output_tokens=2, cost_usd=Decimal("0.000000008"))
    assert found["b"].cost_usd == Decimal("0.000000005")
