"""A process that shares a ledger with others; prints what it got as JSON.

Usage: sharer.py LEDGER_URL probes CALLS        how many of so many concurrent calls were let through as the probe
       sharer.py LEDGER_URL turns COUNT RPM TPM TOKENS     when each of its turns came
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tasks.errors import CircuitOpen
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.questions import CallPolicy, Link, RateLimits

LINK = Link(provider="openai", model="gpt-6-luna")
DUE_AT_ONCE = CallPolicy(  # by hand, since tasks.policies imports Prefect, which takes seconds
    attempts=4, base_s=1.0, factor=2.0, cap_s=60.0, total_s=180.0, breaker_failures=5, breaker_open_s=0.0,
    breaker_probe_s=600.0, key_turn_s=3_600.0, key_rest_s=300.0,
)  # fmt: skip


async def probes(url: str, calls: int) -> int:
    breakers = LedgerBreakers(open_ledger(url), DUE_AT_ONCE)

    async def admitted() -> bool:
        try:
            return await breakers.admit("openai")
        except CircuitOpen:
            return False

    return sum(await asyncio.gather(*(admitted() for _ in range(calls))))


async def turns(url: str, count: int, rpm: int, tpm: int, tokens: int) -> list[float]:
    limits = RateLimits(rpm=rpm, tpm=tpm)
    rate_limiter = LedgerRateLimiter(open_ledger(url), set_limits=lambda _: limits, usual_limits=lambda _: RateLimits())

    async def turn() -> float:
        await rate_limiter.turn(LINK, tokens, within_s=600)
        return time.time()

    return await asyncio.gather(*(turn() for _ in range(count)))


if __name__ == "__main__":
    url, what, *numbers = sys.argv[1:]
    made = {"probes": probes, "turns": turns}[what](url, *map(int, numbers))
    sys.stdout.write(json.dumps(asyncio.run(made)))
