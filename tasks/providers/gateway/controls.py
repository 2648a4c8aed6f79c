"""What every call of a process passes through, as one value: book, rate limits, circuits, budget and clock."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tasks.questions import Book, Breakers, CallPolicy, RateLimiter, RunBudget
from tasks.stops import Stop


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The clock (UTC seconds), the function that sleeps, and the random generator. Tests pass their own."""

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] | None = None
    """If null, the run's `Stop` sleeps, which ends early when the run must end."""
    rng: Callable[[], float] = random.random


@dataclass(frozen=True, kw_only=True)
class Controls:
    """Each request is recorded in the book before it is sent, waits for the rate limits, and is paid from the budget.

    Once `stop` is set, no more requests are sent. Without a budget, spending is not limited.
    """

    book: Book
    rate_limiter: RateLimiter
    breakers: Breakers
    policy: CallPolicy
    budget: RunBudget | None = None
    stop: Stop = field(default_factory=Stop)
    timing: Timing = field(default_factory=Timing)
