"""One process of `bench_limits.py`: says that it is ready, reads until when to ask (UTC seconds), and does."""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time

from pydantic import BaseModel

from tasks import policies
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.gateway.controls import Controls
from tasks.providers.gateway.gateway import Gateway
from tasks.providers.gateway.rate_limits import set_limits, usual_limits
from tasks.questions import Link, Question

LINK = Link(provider="openai", model="gpt-4o")
AT_A_TIME = 20


class Sorted(BaseModel):
    category: str


async def ask_until_told(ledger: str, seed: str) -> None:
    engine, accounts = open_ledger(ledger), Accounts()
    gateway = Gateway(
        accounts,
        Controls(
            book=LedgerBook(engine, run_id="bench", ttl_s=0),
            rate_limiter=LedgerRateLimiter(
                engine, set_limits=set_limits(accounts, {}), usual_limits=usual_limits(accounts)
            ),
            breakers=LedgerBreakers(engine, policies.CALL),
            policy=policies.CALL,
        ),
        concurrency=AT_A_TIME,
    )
    numbers, dice = itertools.count(), random.Random(seed)

    async def ask_on() -> None:
        while time.time() < until:
            text = f"{seed}/{next(numbers)} " + "mail " * dice.randrange(0, 12)
            question = Question(
                name="triage", version="1", instructions="Sort.", text=text, answer=Sorted, max_tokens=10
            )
            await gateway.complete(question, (LINK,), message_key=text)

    print("ready", flush=True)
    until = float(sys.stdin.readline())
    await asyncio.gather(*(ask_on() for _ in range(AT_A_TIME)))
    await gateway.close()


if __name__ == "__main__":
    asyncio.run(ask_until_told(*sys.argv[1:]))
