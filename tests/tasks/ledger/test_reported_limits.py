"""The limits that a provider reported are known to the next run, for the same server and for a day."""

import asyncio

import pytest

from tasks.ledger.completions import writer_of
from tasks.ledger.engine import open_ledger
from tasks.ledger.reported_limits import ReportedLimits
from tasks.questions import Link, RateLimits

LINK = Link(provider="openai", model="gpt-6-luna")
USUAL = RateLimits(rpm=500, tpm=30_000)
DAY_S = 86_400


@pytest.fixture
def engine(ledger_url):
    return open_ledger(ledger_url)


def limits_at(engine, now, address="https://api.openai.com/v1"):
    return ReportedLimits(engine, address_of=lambda _: address, usual=lambda _: USUAL, clock=lambda: now)


def note(engine, limits, *told):
    async def on_loop():
        for one in told:
            limits.note(LINK, one)
        await writer_of(engine).write("find", "")  # written after what was posted before

    asyncio.run(on_loop())


def test_what_was_told_is_known_to_the_next_run_and_the_latest_counts(engine):
    first = limits_at(engine, 1_000)
    assert first.of(LINK) == USUAL

    note(engine, first, RateLimits(rpm=9_000, tpm=900_000), RateLimits(rpm=5_000, tpm=800_000, requests_left=3))

    assert first.of(LINK) == limits_at(engine, 1_001).of(LINK) == RateLimits(rpm=5_000, tpm=800_000)


def test_other_servers_and_other_models_are_not_known_by_it(engine):
    note(engine, limits_at(engine, 1_000), RateLimits(rpm=9_000, tpm=900_000))

    assert limits_at(engine, 1_001, address="http://127.0.0.1:8123/v1").of(LINK) == USUAL
    assert limits_at(engine, 1_001).of(Link(provider="openai", model="gpt-6.1-sol")) == USUAL


def test_it_is_forgotten_after_a_day_and_what_was_not_told_is_as_usual(engine):
    note(engine, limits_at(engine, 1_000), RateLimits(rpm=9_000))

    assert limits_at(engine, 1_000 + DAY_S - 1).of(LINK) == RateLimits(rpm=9_000, tpm=USUAL.tpm)
    assert limits_at(engine, 1_000 + DAY_S).of(LINK) == USUAL
