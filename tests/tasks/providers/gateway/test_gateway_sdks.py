"""The gateway with the providers' own SDKs against a mock of the providers by others, which judges its client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from tasks import policies
from tasks.errors import CallError, ServerFault, TimedOut, TooLong
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.ledger.schema import paces
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.event_loop import ModelLoop
from tasks.providers.gateway.controls import Controls, Timing
from tasks.providers.gateway.gateway import Gateway
from tasks.providers.gateway.rate_limits import set_limits, usual_limits
from tasks.questions import Link, Question
from tests.services.ledgers import circuits
from tests.tasks.providers.scripted import GOOD, Sorted

LINKS = {
    "openai": Link(provider="openai", model="gpt-4o"),
    "anthropic": Link(provider="anthropic", model="claude-haiku-4-5"),
    "gemini": Link(provider="gemini", model="gemini-2.0-flash"),
}
# Short waits, and a circuit that is probed soon; everything else is as in `tasks.policies`.
QUICK = replace(policies.CALL, base_s=0.06, breaker_open_s=0.2)


class Far:
    """A mock provider, and questions put to it through a gateway that is made at the first."""

    def __init__(self, provider: str, mock: Any, ledger_url: str) -> None:
        self.link = LINKS[provider]
        self.mock = mock
        self.engine = open_ledger(ledger_url)
        self._loop = ModelLoop()
        self._gateway: Gateway | None = None

    def ask(self, count: int = 1, *, max_tokens: int = 50) -> list[Any]:
        """The answers or errors of so many questions at the same time."""
        return self._loop.run(self._ask([f"mail {n}" for n in range(count)], max_tokens))

    def close(self) -> None:
        self._loop.stop()

    async def _ask(self, texts: Sequence[str], max_tokens: int) -> list[Any]:
        if self._gateway is None:
            self._gateway = self._make()
            self._loop.at_close(self._gateway.close)
        asked = (self._gateway.complete(_question(one, max_tokens), (self.link,), message_key=one) for one in texts)
        return await asyncio.gather(*asked, return_exceptions=True)

    def _make(self) -> Gateway:
        accounts = Accounts()
        return Gateway(
            accounts,
            Controls(
                book=LedgerBook(self.engine, run_id="run", ttl_s=3600),
                rate_limiter=LedgerRateLimiter(
                    self.engine, set_limits=set_limits(accounts, {}), usual_limits=usual_limits(accounts)
                ),
                breakers=LedgerBreakers(self.engine, QUICK),
                policy=QUICK,
                timing=Timing(rng=lambda: 1.0),
            ),
            concurrency=20,
        )


def _question(text: str, max_tokens: int) -> Question[Sorted]:
    return Question(name="triage", version="1", instructions="Sort.", text=text, answer=Sorted, max_tokens=max_tokens)


@pytest.fixture(params=list(LINKS))
def far(request, llmock, ledger_url, monkeypatch):
    monkeypatch.setenv("GEMINI_BASE_URL", llmock.base_url("gemini"))
    for prefix in ("OPENAI_", "ANTHROPIC_", "GEMINI_"):
        monkeypatch.setenv(f"{prefix}RPM", "600000")
        monkeypatch.setenv(f"{prefix}TPM", "600000000")
    llmock.reply(GOOD, times=None)
    made = Far(request.param, llmock, ledger_url)
    yield made
    made.close()
    llmock.assert_resilient(strict=True)


def attempts(answers: list[Any]) -> list[int]:
    return [answer.attempts for answer in answers]


def test_a_rate_limit_with_retry_after_is_waited_for(far):
    far.mock.rate_limit(times=2, retry_after=0.1)
    assert attempts(far.ask()) == [3]


def test_a_burst_of_server_errors_is_lived_through(far):
    far.mock.fail(500).fail(503, retry_after=0.1).fail(502)
    assert attempts(far.ask()) == [4]


def test_an_outage_opens_the_circuit_and_a_probe_closes_it_when_it_is_over(far):
    far.mock.fail(500, times=6)
    (first,), (second,) = far.ask(), far.ask()
    assert isinstance(first, ServerFault)
    assert second.attempts == 3  # the fifth failure, the failed probe, the answered one
    assert circuits(far.engine) == {far.link.provider: "closed"}


def test_a_quota_that_others_used_up_is_waited_for_as_long_as_told(far):
    each = 20_000
    far.mock.limits(tpm=100 * each)
    far.ask(max_tokens=99 * each)
    answers = far.ask(3, max_tokens=each - 1)  # each has to wait 0.6 s for its share
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    assert 3 < sum(attempts(answers)) <= 9


def test_limits_that_the_provider_tells_are_kept_before_it_has_to_say_so(far):
    far.mock.limits(rpm=2_400)
    far.ask()
    assert set(attempts(far.ask(15))) == {0, 1}
    assert [request.status for request in far.mock.requests] == [200] * 15
    with far.engine.begin() as connection:
        assert connection.scalars(select(paces.c.rpm)).all() == [pytest.approx(2_400, rel=0.02)]


def test_a_prompt_that_is_too_long_is_not_sent_again(far):
    far.mock.context_overflow(times=None)
    (error,) = far.ask()
    assert isinstance(error, TooLong)
    assert len(far.mock.requests) == 1


def test_a_slow_answer_is_waited_for_and_a_stalled_one_is_asked_for_again(far, monkeypatch):
    monkeypatch.setenv(f"{far.link.provider.upper()}_TIMEOUT", "0.6")
    far.mock.delay(0.1).delay(2.0)
    assert attempts(far.ask()) == [1]
    assert attempts(far.ask(max_tokens=51)) == [2]


def test_a_provider_that_never_answers_in_time_is_given_up_after_four_requests(far, monkeypatch):
    monkeypatch.setenv(f"{far.link.provider.upper()}_TIMEOUT", "0.2")
    far.mock.delay(1.0, times=4)
    (error,) = far.ask()
    assert isinstance(error, TimedOut)
    assert isinstance(error, CallError)
    assert len(far.mock.requests) == 4
