"""The one retry loop: which errors are retried, after which wait, and when it stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from tenacity import AsyncRetrying, RetryCallState

from tasks.errors import CallError, CircuitOpen, Transient
from tasks.questions import CallPolicy


class Tried(Protocol):
    """What the loop must know of a call, which is the first argument of the function that it retries."""

    begun: float | None
    """When its first request had its turn (UTC seconds); null before."""
    sent: int
    """Requests sent so far. An open circuit sends none."""
    patient: bool
    """Whether to wait for an open circuit; false where another model can be asked instead."""


def retrying(
    policy: CallPolicy,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    rng: Callable[[], float],
) -> AsyncRetrying:
    """The retry loop. Call it with a coroutine function and a `Tried`; one loop serves all calls."""

    def again(state: RetryCallState) -> bool:
        error, call = _of(state)
        if isinstance(error, CircuitOpen):
            return call.patient
        return isinstance(error, Transient)

    def wait(state: RetryCallState) -> float:
        error, call = _of(state)
        if isinstance(error, CallError) and error.retry_after_s:  # a wait of 0 says nothing, so it is ignored
            return error.retry_after_s
        return rng() * min(policy.cap_s, policy.base_s * policy.factor ** max(0, call.sent - 1))

    def enough(state: RetryCallState) -> bool:
        _, call = _of(state)
        return call.sent >= policy.attempts or (state.upcoming_sleep or 0.0) > left_s(policy, call, clock())

    return AsyncRetrying(sleep=sleep, stop=enough, wait=wait, retry=again, reraise=True)


def left_s(policy: CallPolicy, call: Tried, now: float) -> float:
    """Seconds for which requests for the call may still be sent."""
    return policy.total_s - (now - call.begun if call.begun is not None else 0.0)


def _of(state: RetryCallState) -> tuple[BaseException | None, Tried]:
    call: Tried = state.args[0]
    return (state.outcome.exception() if state.outcome else None), call
