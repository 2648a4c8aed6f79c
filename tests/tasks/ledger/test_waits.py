"""Waits that providers told: seen in the ledger, probed where they are long, and taken back by a command."""

from __future__ import annotations

import asyncio
import time

import pytest

from tasks import policies
from tasks.errors import RateLimited
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.engine import open_ledger
from tasks.ledger.waits import take_back, waits_in
from tests.tasks.ledger.test_rate_limiter import LINK, OTHER, Paced

HOUR = 3_600.0


async def refused(paced: Paced) -> float:
    """How long the wait is that a turn meets."""
    with pytest.raises(RateLimited) as caught:
        await paced.limiter.turn(LINK, 1, within_s=10)
    return float(caught.value.retry_after_s or 0)


def test_waits_and_open_circuits_are_told_with_whom_they_are_of_and_how_long_they_last(any_ledger_url):
    engine = open_ledger(any_ledger_url)

    async def story() -> None:
        paced = Paced(any_ledger_url)
        paced.time.now = time.time()
        await paced.take(1)
        await paced.take(1, link=OTHER)
        await paced.limiter.heed(LINK, too_fast=True, wait_s=HOUR)
        breakers = LedgerBreakers(engine, policies.CALL)
        for _ in range(policies.CALL.breaker_failures):
            await breakers.failed("gemini", probe=False, cause="It is overloaded.")

    assert waits_in(engine) == []
    asyncio.run(story())
    first, second = waits_in(engine)
    assert (first.provider, first.model) == (LINK.provider, LINK.model)
    assert 0.9 * HOUR < first.left_s <= HOUR
    assert (second.provider, second.model, second.why) == ("gemini", "", "It is overloaded.")

    assert (take_back(engine, "gemini"), take_back(engine, "openai"), take_back(engine, "openai")) == (1, 1, 0)
    assert waits_in(engine) == []


def test_a_long_wait_lets_one_request_through_now_and_then_and_ends_when_that_is_answered(ledger_url):
    async def story() -> None:
        paced = Paced(ledger_url)
        await paced.take(1)
        await paced.limiter.heed(LINK, too_fast=False, wait_s=HOUR)
        assert await refused(paced) == pytest.approx(HOUR, rel=0.01)
        paced.time.now += 601
        assert await paced.take(1)  # the probe
        assert await refused(paced) == pytest.approx(HOUR - 601, rel=0.01)  # nobody else goes with it
        await paced.limiter.heed(LINK, too_fast=False, wait_s=HOUR)  # and is told the same
        assert await refused(paced) == pytest.approx(HOUR, rel=0.01)
        paced.time.now += 601
        began = paced.time.now
        assert await paced.take(1)
        await paced.limiter.answered(LINK)
        await paced.take(20)
        assert paced.time.now - began < 10
        assert waits_in(open_ledger(ledger_url)) == []

    asyncio.run(story())


def test_one_process_of_all_probes(ledger_url):
    async def story() -> None:
        one, other = Paced(ledger_url), Paced(ledger_url)
        other.time = one.time
        other.limiter = other.another(ledger_url, 600, 60_000_000)
        await one.take(1)
        await one.limiter.heed(LINK, too_fast=False, wait_s=HOUR)
        await refused(other)
        one.time.now += 601
        await one.take(1)
        await refused(other)

    asyncio.run(story())


def test_a_wait_of_minutes_is_kept_to_its_end(ledger_url):
    async def story() -> None:
        paced = Paced(ledger_url)
        await paced.take(1)
        await paced.limiter.heed(LINK, too_fast=False, wait_s=500)
        paced.time.now += 450
        assert await refused(paced) == pytest.approx(50, rel=0.05)
        paced.time.now += 51
        await paced.take(1)

    asyncio.run(story())


def test_a_wait_that_is_taken_back_is_seen_by_a_process_that_waits(ledger_url):
    async def story() -> None:
        paced = Paced(ledger_url)
        paced.time.now = time.time()
        await paced.take(1)
        await paced.limiter.heed(LINK, too_fast=False, wait_s=HOUR)
        await refused(paced)
        assert take_back(open_ledger(ledger_url), LINK.provider) == 1
        paced.time.now += 31
        began = paced.time.now
        await paced.take(5)
        assert paced.time.now - began < 5

    asyncio.run(story())
