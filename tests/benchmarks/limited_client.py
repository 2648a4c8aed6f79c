"""One process of `bench_limits.py`: asks as often as the limits allow, from `start` until `until` (UTC seconds)."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
from typing import Any

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


async def ask_until_the_end(config: dict[str, Any]) -> None:
    engine, accounts = open_ledger(config["ledger"]), Accounts()
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
    numbers, dice = itertools.count(), random.Random(config["seed"])

    async def ask_on() -> None:
        while time.time() < config["until"]:
            text = f"{config['seed']}/{next(numbers)} " + "mail " * dice.randrange(0, 12)
            question = Question(
                name="triage", version="1", instructions="Sort.", text=text, answer=Sorted, max_tokens=10
            )
            await gateway.complete(question, (LINK,), message_key=text)

    await asyncio.sleep(max(0.0, config["start"] - time.time()))
    await asyncio.gather(*(ask_on() for _ in range(AT_A_TIME)))
    await gateway.close()


if __name__ == "__main__":
    asyncio.run(ask_until_the_end(json.loads(sys.argv[1])))
