"""Token usage of past calls."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from tasks.ledger.completions import LedgerBook
from tasks.ledger.costs import record_group
from tasks.ledger.engine import open_ledger
from tasks.ledger.past_usage import past_usage
from tasks.questions import RawAnswer, Usage


async def _ask(engine: Any, mails: list[str], question: str, *, failures: int = 0) -> None:
    book = LedgerBook(engine, run_id="run", ttl_s=60)
    for number, mail in enumerate(mails):
        call = await book.begin(
            sha256(f"{mail}{question}".encode()).hexdigest(),
            message_key=mail,
            question=question,
            provider="openai",
            model="m",
            key_index=0,
        )
        if number < failures:
            await book.fail(call, "RATE_LIMIT", usage=None, price_usd=None, answer=None, request_id=None)
            continue
        usage = Usage(input_tokens=100, output_tokens=40, cache_read_tokens=25)
        await book.finish(call, RawAnswer(text="", usage=usage, model="m", request_id=None), Decimal(0))


def ask(url: str, mails: list[str], question: str, **options: Any) -> Any:
    engine = open_ledger(url)
    asyncio.run(_ask(engine, mails, question, **options))
    return engine


def test_means_are_over_billed_calls(any_ledger_url):
    engine = ask(any_ledger_url, [f"m{n % 40}" for n in range(60)], "triage", failures=10)
    found = past_usage(engine, "openai")["triage"]
    assert (found.calls, found.mails, found.output_tokens, found.cached_share) == (50, 40, 40, 0.25)
    assert found.calls_a_mail == pytest.approx(1.25)


def test_too_few_calls_say_nothing_and_other_providers_nothing(any_ledger_url):
    engine = ask(any_ledger_url, [f"m{n}" for n in range(29)], "triage")
    assert past_usage(engine, "openai") == {}
    engine = ask(any_ledger_url, [f"m{n}" for n in range(30)], "analysis")
    assert past_usage(engine, "anthropic") == {}
    assert list(past_usage(engine, "openai")) == ["analysis"]


def test_mails_of_a_group_are_counted_one_by_one(any_ledger_url):
    engine = open_ledger(any_ledger_url)
    keys = [record_group(engine, [f"{group}-{n}" for n in range(5)]) for group in range(40)]
    found = past_usage(ask(any_ledger_url, keys, "triage_together"), "openai")["triage_together"]
    assert (found.calls, found.mails) == (40, 200)
    assert found.calls_a_mail == pytest.approx(0.2)
