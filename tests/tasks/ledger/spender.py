"""A worker of `test_budgets.py`: spends from a budget until it is refused, and prints what it spent in nano-dollars.

Usage: spender.py LEDGER_URL CAP_USD SEED [calls] — with `calls`, it dies by SIGKILL with that many calls under way.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from decimal import Decimal

from tasks.errors import BudgetExceeded
from tasks.ledger.engine import open_ledger
from tasks.ledger.run_budget import LedgerRunBudget

WORST = Decimal("0.004")


async def spend(url: str, cap: str, seed: int, die_with: int | None) -> int:
    """Nano-dollars spent by twenty concurrent callers, each call costing a tenth to the whole of its worst."""
    budget = LedgerRunBudget(open_ledger(url), run_id="run", caps={"run": Decimal(cap)})
    dice, spent = random.Random(seed), 0

    async def call_until_refused() -> None:
        nonlocal spent
        while True:
            try:
                reservation = await budget.reserve(WORST)
            except BudgetExceeded:
                return
            await asyncio.sleep(0)
            actual = WORST * dice.randint(10, 100) / 100
            spent += int(actual * 1_000_000_000)
            await budget.settle(reservation, actual)

    if die_with is not None:
        for _ in range(die_with):
            await budget.reserve(WORST)
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.gather(*(call_until_refused() for _ in range(20)))
    await budget.close()
    return spent


if __name__ == "__main__":
    die_with = int(sys.argv[4]) if len(sys.argv) > 4 else None
    sys.stdout.write(str(asyncio.run(spend(sys.argv[1], sys.argv[2], int(sys.argv[3]), die_with))))
