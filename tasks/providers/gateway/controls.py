"""What every call of a process goes through, as one value: the book, limits, circuits, money and clock."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tasks.questions import Book, Breakers, CallPolicy, RateLimiter, RunBudget
from tasks.stops import Stop


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The clock in UTC seconds, the waits and the dice; a test has its own."""

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] | None = None
    """Null waits until the time is over or the run is to end."""
    rng: Callable[[], float] = random.random


@dataclass(frozen=True, kw_only=True)
class Controls:
    """Every request is in the book before it is sent, goes when the limits allow it, and is paid from the budget.

    Once `stop` is set no request is sent any more. Without a budget nothing bounds what is spent.
    """

    book: Book
    rate_limiter: RateLimiter
    breakers: Breakers
    policy: CallPolicy
    budget: RunBudget | None = None
    stop: Stop = field(default_factory=Stop)
    timing: Timing = field(default_factory=Timing)
