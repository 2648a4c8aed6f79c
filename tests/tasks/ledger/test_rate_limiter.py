"""All processes together keep a limit, in requests and in tokens."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from tasks.errors import Misconfigured, RateLimited
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.ledger.schema import paces
from tasks.questions import Link, RateLimits
from tests.tasks.ledger.test_breakers import share

LINK = Link(provider="openai", model="gpt-6-luna")
OTHER = Link(provider="openai", model="gpt-6.1-sol")


class Time:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class Paced:
    """A rate limiter under a clock of its own; `take` gives the seconds after the start at which turns came."""

    def __init__(self, url: str, rpm: int | None = 600, tpm: int | None = 60_000_000) -> None:
        self.time = Time()
        self.began = self.time.now
        self.limiter = self.another(url, rpm, tpm)

    def another(self, url: str, rpm: int | None, tpm: int | None) -> LedgerRateLimiter:
        limits = RateLimits(rpm=rpm, tpm=tpm)
        return LedgerRateLimiter(
            open_ledger(url), set_limits=lambda _: limits, usual_limits=lambda _: RateLimits(rpm=6_000, tpm=None),
            clock=self.time, sleep=self.time.sleep,
        )  # fmt: skip

    async def take(self, count: int, tokens: int = 1, link: Link = LINK, within_s: float = 600) -> list[float]:
        found = []
        for _ in range(count):
            await self.limiter.turn(link, tokens, within_s=within_s)
            found.append(self.time.now - self.began)
        return found


def test_three_processes_together_keep_to_one_limit(any_ledger_url):
    everybody = share(any_ledger_url, "turns", 25, 3_000, 33_000, 10, processes=3)
    assert [len(times) for times in everybody] == [25, 25, 25]
    times = sorted(time for times in everybody for time in times)
    for first in range(len(times)):  # in no stretch of time were more let through than the limit allows then
        for last in range(first + 5, len(times), 5):
            assert last - first <= 50 * (times[last] - times[first]) + 6


def test_the_first_second_is_like_any_other(ledger_url):
    times = asyncio.run(Paced(ledger_url).take(100))
    seconds = [sum(second <= time < second + 1 for time in times) for second in range(10)]
    assert max(seconds) <= 11
    assert min(seconds[:-1]) >= 9


def test_tokens_and_requests_are_reserved_together(ledger_url):
    assert asyncio.run(Paced(ledger_url, rpm=600, tpm=6_000).take(60, tokens=50))[-1] == pytest.approx(30, rel=0.05)
    slow = Paced(ledger_url, rpm=60, tpm=6_000)
    assert asyncio.run(slow.take(60, tokens=50, link=OTHER))[-1] == pytest.approx(60, rel=0.05)


def test_tokens_that_were_not_used_are_given_back_and_those_used_beyond_are_owed(ledger_url):
    async def story(used: int, provider: str) -> float:
        paced = Paced(ledger_url, rpm=60_000, tpm=6_000)
        link = Link(provider=provider, model="m")
        for _ in range(60):
            await paced.take(1, tokens=100, link=link)
            paced.limiter.settle(link, 100, used, None)
        return paced.time.now - paced.began

    assert asyncio.run(story(100, "one")) == pytest.approx(60, rel=0.06)
    assert asyncio.run(story(50, "two")) == pytest.approx(30, rel=0.06)
    assert asyncio.run(story(200, "three")) == pytest.approx(120, rel=0.06)


def test_a_model_that_says_wait_is_left_alone_by_all_processes_and_others_of_its_provider_go_on(any_ledger_url):
    async def story():
        engine = open_ledger(any_ledger_url)
        limits = RateLimits(rpm=600_000, tpm=60_000_000)
        one, other = (
            LedgerRateLimiter(engine, set_limits=lambda _: limits, usual_limits=lambda _: RateLimits())
            for _ in range(2)
        )
        await one.turn(LINK, 1, within_s=10)
        await one.heed(LINK, too_fast=True, wait_s=100)
        for limiter in (one, other):
            with pytest.raises(RateLimited) as caught:
                await limiter.turn(LINK, 1, within_s=10)
            assert 90 < caught.value.retry_after_s <= 100
            await limiter.turn(OTHER, 1, within_s=10)
        await other.turn(Link(provider="anthropic", model="m"), 1, within_s=10)

    asyncio.run(story())


def test_those_who_wait_already_wait_on_when_the_provider_says_wait(ledger_url):
    async def story():
        paced = Paced(ledger_url, rpm=60)
        await paced.take(1)
        waiting = asyncio.create_task(paced.take(1))
        await asyncio.sleep(0)
        await paced.limiter.heed(LINK, too_fast=False, wait_s=50)
        return await waiting

    (time,) = asyncio.run(story())
    assert time >= 50


def test_a_model_that_is_asked_too_fast_is_asked_half_as_fast_and_faster_again_with_time(ledger_url):
    async def story():
        paced = Paced(ledger_url, rpm=600)
        await paced.take(5)
        for _ in range(9):  # all calls in flight are told the same
            await paced.limiter.heed(LINK, too_fast=True)
        began = paced.time.now - paced.began
        soon = [time - began for time in await paced.take(10)]
        paced.time.now += 60
        began = paced.time.now - paced.began
        return soon, [time - began for time in await paced.take(10)]

    soon, later = asyncio.run(story())
    assert soon[-1] == pytest.approx(2 * later[-1], rel=0.15)


def test_limits_of_the_headers_count_where_the_operator_set_none_and_bind_where_he_set_higher_ones(ledger_url):
    async def story(rpm: int | None, told: int, provider: str) -> float:
        paced = Paced(ledger_url, rpm=rpm)
        link = Link(provider=provider, model="m")
        paced.limiter.settle(link, 0, 0, RateLimits(rpm=told))
        return (await paced.take(101, link=link))[-1]

    assert asyncio.run(story(None, 60_000, "one")) == pytest.approx(0.1, abs=0.05)
    assert asyncio.run(story(600, 60_000, "two")) == pytest.approx(10, rel=0.05)
    assert asyncio.run(story(6_000, 600, "three")) == pytest.approx(10, rel=0.05)


def test_no_limit_at_all_is_an_error(ledger_url):
    with pytest.raises(Misconfigured, match="OPENAI_TPM"):
        asyncio.run(Paced(ledger_url, tpm=None).take(1))


def test_a_ledger_that_cannot_be_reached_lets_nobody_through(ledger_url):
    paced = Paced(ledger_url)
    with open_ledger(ledger_url).begin() as connection:
        paces.drop(connection)
    with pytest.raises(Exception, match="no such table: paces"):
        asyncio.run(paced.take(1))


def test_the_limits_in_use_stand_in_the_ledger(ledger_url):
    asyncio.run(Paced(ledger_url, rpm=600, tpm=60_000).take(1))
    with open_ledger(ledger_url).begin() as connection:
        (row,) = connection.execute(select(paces))
    assert (row.provider, row.model, row.rpm, row.tpm) == ("openai", "gpt-6-luna", 600 * 0.99, 60_000 * 0.99)


def test_what_a_provider_counts_beyond_us_is_waited_for_once(ledger_url):
    async def story():
        paced = Paced(ledger_url, rpm=6_000, tpm=60_000)
        before = await paced.take(1)
        for _ in range(5):  # five replies that tell the same: of 60,000 tokens 1,000 are left, 2,000 short of a reserve
            paced.limiter.settle(LINK, 1, 1, RateLimits(rpm=6_000, tpm=60_000, requests_left=6_000, tokens_left=1_000))
        return (await paced.take(20))[-1] - before[-1]

    assert asyncio.run(story()) == pytest.approx(2, rel=0.2)
