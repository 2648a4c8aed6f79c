"""What the gateway does about each fault: which error comes out, how many requests were sent, after which waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tasks import errors
from tasks.errors import CallError
from tests.services.ledgers import circuits
from tests.tasks.providers.scripted import FIRST, GOOD, SECOND, Sorted, Step, ask, bench, question


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEYS", "k1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a1")


BACKOFF = [0.5, 1.0, 2.0]  # half of 1, 2 and 4 s, as the dice always fall on the middle
BAD = '{"category": 7}'


@dataclass(frozen=True)
class Row:
    name: str
    steps: Sequence[Step]
    error: type[CallError] | None
    sent: int
    waits: Sequence[float] = ()
    failures: int = 0
    """Counted against the circuit at the end."""


def told(kind: type[CallError], retry_after_s: float) -> CallError:
    return kind("told", provider="openai", retry_after_s=retry_after_s)


def times(kind: type[CallError], count: int) -> list[Step]:
    return [kind("scripted", provider="openai") for _ in range(count)]


ROWS = [
    Row("answer", [GOOD], None, 1),
    *(
        Row(f"{kind.code} {kind.__name__} passes", times(kind, 3), None, 4, BACKOFF)
        for kind in (errors.RateLimited, errors.Overloaded, errors.TimedOut, errors.Unreachable, errors.ServerFault)
    ),
    *(
        Row(f"{kind.code} {kind.__name__} stays", times(kind, 9), kind, 4, BACKOFF, failures=4)
        for kind in (errors.Overloaded, errors.TimedOut, errors.Unreachable, errors.ServerFault)
    ),
    Row("rate limit stays", times(errors.RateLimited, 9), errors.RateLimited, 4, BACKOFF),
    Row("rate limit with Retry-After", [told(errors.RateLimited, 7.0)], None, 2, [7.0]),
    Row("rate limit with a Retry-After of 0", [told(errors.RateLimited, 0.0)], None, 2, [0.5]),
    Row("overloaded with Retry-After", [told(errors.Overloaded, 3.0)], None, 2, [3.0]),
    Row("Retry-After beyond the call's time", [told(errors.RateLimited, 600.0)], errors.RateLimited, 1),
    *(
        Row(f"{kind.code} {kind.__name__}", times(kind, 9), kind, 1)
        for kind in (
            errors.RequestRejected, errors.TooLong, errors.Refused, errors.CutAnswer, errors.KeyRejected,
            errors.OutOfFunds,
        )
    ),
    Row("bad answer, repaired", [BAD], None, 2),
    Row("bad answer twice", [BAD, "no JSON"], errors.BadAnswer, 2),
    Row("empty answer, repaired", times(errors.BadAnswer, 1), None, 2),
    Row("repair meets a fault that passes", [BAD, *times(errors.Overloaded, 1)], None, 3, [0.5]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_fault_has_its_error_requests_and_waits(row, ledger_url):
    far = bench(ledger_url, openai=row.steps)
    error: CallError | None = None
    try:
        completion = ask(far)
    except CallError as failure:
        error = failure
    assert type(error) is (row.error or type(None))
    assert len(far.far["openai"].asked) == row.sent == len(far.rows())
    assert far.time.slept == list(row.waits)
    assert far.breakers._of("openai").failures == row.failures
    if error is None:
        assert completion.value == Sorted(category="SUPPORT")
        assert completion.attempts == row.sent
    states = [one.state for one in far.rows()]
    assert states == ["failed"] * (row.sent - (error is None)) + ["done"] * (error is None)


def test_the_fifth_failure_in_a_row_opens_the_circuit_and_sixty_seconds_later_one_probe_closes_it(ledger_url):
    far = bench(ledger_url, openai=times(errors.ServerFault, 5))
    completion = ask_twice(far)
    assert completion.attempts == 2  # one more failure, then the probe
    assert far.changes == ["open", "half_open", "closed"]
    assert far.far["openai"].asked[5][0] - far.far["openai"].asked[4][0] == pytest.approx(
        62, abs=1.5
    )  # 2 s later than a call that had not failed
    assert circuits(far.engine) == {"openai": "closed"}


def ask_twice(far):
    async def both():
        gateway = far.gateway()
        with pytest.raises(errors.ServerFault):
            await gateway.complete(question("one"), (FIRST,), message_key="m1")
        return await gateway.complete(question("two"), (FIRST,), message_key="m2")

    return asyncio.run(both())


def test_an_open_circuit_costs_no_wait_where_another_provider_answers(ledger_url):
    far = bench(ledger_url, openai=times(errors.Unreachable, 9), anthropic=[])

    async def both():
        gateway = far.gateway()
        first = await gateway.complete(question("one"), (FIRST, SECOND), message_key="m1")
        second = await gateway.complete(question("two"), (FIRST, SECOND), message_key="m2")
        far.time.slept.clear()
        return first, second, await gateway.complete(question("three"), (FIRST, SECOND), message_key="m3")

    first, second, third = asyncio.run(both())
    assert first.attempts == 5
    assert first.provider == "anthropic"
    assert first.moved_on == "openai:gpt-6-luna gave no answer (NETWORK_ERROR)"
    assert second.moved_on == third.moved_on == "openai:gpt-6-luna gave no answer (CIRCUIT_OPEN)"
    assert (third.attempts, far.time.slept) == (1, [])


def test_a_failing_probe_opens_the_circuit_again(ledger_url):
    far = bench(ledger_url, openai=times(errors.ServerFault, 6))

    async def story():
        gateway = far.gateway()
        for text in ("one", "two"):
            try:
                await gateway.complete(question(text), (FIRST,), message_key=text)
            except errors.ServerFault:
                continue

    asyncio.run(story())
    assert far.changes == ["open", "half_open", "open", "half_open", "closed"]


@pytest.mark.parametrize("allowed", [True, False])
def test_a_refusal_moves_on_only_if_that_is_allowed(ledger_url, allowed):
    far = bench(ledger_url, openai=times(errors.Refused, 1), anthropic=[])
    if allowed:
        completion = ask(far, FIRST, SECOND, allow_refused_fallback=True)
        assert (completion.provider, completion.moved_on) == (
            "anthropic", "openai:gpt-6-luna gave no answer (REFUSED)",
        )  # fmt: skip
    else:
        with pytest.raises(errors.Refused):
            ask(far, FIRST, SECOND)
        assert far.far["anthropic"].asked == []


@pytest.mark.parametrize("kind", [errors.RequestRejected, errors.TooLong, errors.CutAnswer])
def test_what_concerns_the_mail_does_not_move_on(ledger_url, kind):
    far = bench(ledger_url, openai=times(kind, 1), anthropic=[])
    with pytest.raises(kind):
        ask(far, FIRST, SECOND)
    assert far.far["anthropic"].asked == []


def test_when_nobody_answers_the_error_that_can_be_cured_is_the_one_raised(ledger_url):
    far = bench(ledger_url, openai=times(errors.Overloaded, 9), anthropic=times(errors.KeyRejected, 9))
    with pytest.raises(errors.Overloaded):
        ask(far, FIRST, SECOND)
