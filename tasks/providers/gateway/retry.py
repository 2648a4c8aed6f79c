"""The one retry loop: what is asked again, after how long, and when it is enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from tenacity import AsyncRetrying, RetryCallState

from tasks.errors import CallError, CircuitOpen, Transient
from tasks.questions import CallPolicy


class Tried(Protocol):
    """What the loop must know of the call it was given as its first argument."""

    begun: float | None
    """When it was first its turn; null before."""
    sent: int
    """Requests sent so far; being told that a circuit is open is none."""
    patient: bool
    """Whether to wait for an open circuit; not where there is somebody else to ask."""


def retrying(
    policy: CallPolicy,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    rng: Callable[[], float],
) -> AsyncRetrying:
    """A loop to be called with a coroutine function and a `Tried`; one serves all calls."""

    def again(state: RetryCallState) -> bool:
        error, call = _of(state)
        if isinstance(error, CircuitOpen):
            return call.patient
        return isinstance(error, Transient)

    def wait(state: RetryCallState) -> float:
        error, call = _of(state)
        if isinstance(error, CallError) and error.retry_after_s:  # a wait of 0 is no advice to come at once
            return error.retry_after_s
        return rng() * min(policy.cap_s, policy.base_s * policy.factor ** max(0, call.sent - 1))

    def enough(state: RetryCallState) -> bool:
        _, call = _of(state)
        return call.sent >= policy.attempts or (state.upcoming_sleep or 0.0) > left_s(policy, call, clock())

    return AsyncRetrying(sleep=sleep, stop=enough, wait=wait, retry=again, reraise=True)


def left_s(policy: CallPolicy, call: Tried, now: float) -> float:
    """Seconds within which requests for the call may still be sent."""
    return policy.total_s - (now - call.begun if call.begun is not None else 0.0)


def _of(state: RetryCallState) -> tuple[BaseException | None, Tried]:
    call: Tried = state.args[0]
    return (state.outcome.exception() if state.outcome else None), call
