"""A cap is never exceeded, and money that is not needed, or that a dead process held, is released."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tasks.errors import BudgetExceeded, Misconfigured
from tasks.ledger.budgets import Alert, open_scopes, scopes_at
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.run_budget import LedgerRunBudget
from tasks.ledger.schema import budgets, holdings
from tasks.ledger.scope_funds import _dollars
from tasks.questions import RawAnswer, Usage

CENT = Decimal("0.01")
SPENDER = Path(__file__).with_name("spender.py")
ROOT = Path(__file__).resolve().parents[3]


def spent_and_reserved(url: str, kind: str = "run") -> tuple[int, int]:
    with open_ledger(url).begin() as connection:
        rows = connection.execute(select(budgets).where(budgets.c.scope.startswith(f"{kind}:"))).all()
    return sum(row.spent_nusd for row in rows), sum(row.reserved_nusd for row in rows)


def with_budget(url: str, body: Callable[[LedgerRunBudget], Awaitable[Any]], **options: Any) -> Any:
    async def run() -> Any:
        budget = LedgerRunBudget(open_ledger(url), **{"run_id": "run", **options})
        try:
            return await body(budget)
        finally:
            await budget.close()

    return asyncio.run(run())


async def pay(budget: LedgerRunBudget, worst: Decimal, actual: Decimal | None) -> None:
    await budget.settle(await budget.reserve(worst), actual)


def test_spending_is_exact_and_nothing_stays_reserved(any_ledger_url):
    async def body(budget: LedgerRunBudget) -> None:
        await asyncio.gather(*(pay(budget, CENT, Decimal("0.001234567")) for _ in range(50)))

    with_budget(any_ledger_url, body, caps={"run": Decimal(1)})
    assert spent_and_reserved(any_ledger_url) == (50 * 1_234_567, 0)


def test_a_call_that_may_pass_the_cap_is_refused_with_what_is_left(any_ledger_url):
    async def body(budget: LedgerRunBudget) -> None:
        await pay(budget, CENT, CENT)
        with pytest.raises(BudgetExceeded, match=r"\$0\.015000 has \$0\.005000 left .* up to \$0\.010000"):
            await budget.reserve(CENT)
        await pay(budget, Decimal("0.005"), Decimal("0.005"))

    with_budget(any_ledger_url, body, caps={"run": Decimal("0.015")})
    assert spent_and_reserved(any_ledger_url) == (15_000_000, 0)


def test_calls_wait_for_money_that_others_may_give_back(any_ledger_url):
    async def body(budget: LedgerRunBudget) -> None:
        first = await budget.reserve(CENT)
        waiting = asyncio.ensure_future(budget.reserve(CENT))
        await asyncio.sleep(0)
        await budget.settle(first, Decimal("0.001"))
        await budget.settle(await waiting, CENT)

    with_budget(any_ledger_url, body, caps={"run": Decimal("0.015")})
    assert spent_and_reserved(any_ledger_url) == (11_000_000, 0)


@pytest.mark.parametrize("kind", ["day", "month"])
def test_days_and_months_bind_all_runs_together(any_ledger_url, kind):
    with_budget(any_ledger_url, lambda budget: pay(budget, CENT, CENT), run_id="one", caps={kind: CENT})
    with pytest.raises(BudgetExceeded, match=f"for the {kind} "):
        with_budget(any_ledger_url, lambda budget: budget.reserve(CENT), run_id="two", caps={kind: CENT})


def test_a_new_day_begins_with_a_full_purse(any_ledger_url):
    now = datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC).timestamp()

    async def body(budget: LedgerRunBudget) -> None:
        nonlocal now
        await pay(budget, CENT, CENT)
        now += 2
        await pay(budget, CENT, CENT)

    with_budget(any_ledger_url, body, caps={"day": CENT}, clock=lambda: now)
    assert spent_and_reserved(any_ledger_url, "day") == (20_000_000, 0)


def test_a_day_that_was_not_watched_begins_with_what_the_ledger_knows_of_it(any_ledger_url):
    engine = open_ledger(any_ledger_url)

    async def ask() -> None:
        book = LedgerBook(engine, run_id="before", ttl_s=60)
        call = await book.begin("k", message_key="m", question="q", provider="openai", model="m", key_index=0)
        await book.finish(call, RawAnswer(text="", usage=Usage(), model="m", request_id=None), Decimal("0.25"))

    asyncio.run(ask())
    scopes = scopes_at("run", {"day": Decimal(1), "month": Decimal(2), "run": Decimal(3)}, datetime.now(UTC))
    open_scopes(engine, scopes)
    found = {kind: spent_and_reserved(any_ledger_url, kind) for kind in ("run", "day", "month")}
    assert found == {"run": (0, 0), "day": (250_000_000, 0), "month": (250_000_000, 0)}


def test_an_unknown_price_is_an_error_before_the_call_and_the_worst_after_it(any_ledger_url):
    async def body(budget: LedgerRunBudget) -> None:
        with pytest.raises(Misconfigured, match="MAILROOM_PRICES"):
            await budget.reserve(None)
        await pay(budget, CENT, None)

    with_budget(any_ledger_url, body, caps={"run": Decimal(1)})
    assert spent_and_reserved(any_ledger_url) == (10_000_000, 0)


def test_a_call_that_was_never_settled_counts_as_its_worst(any_ledger_url):
    with_budget(any_ledger_url, lambda budget: budget.reserve(CENT), caps={"run": Decimal(1)})
    assert spent_and_reserved(any_ledger_url) == (10_000_000, 0)


def test_four_fifths_of_a_cap_are_told_once(any_ledger_url):
    alerts: list[Alert] = []

    async def body(budget: LedgerRunBudget) -> None:
        for _ in range(10):
            await pay(budget, CENT, CENT)

    with_budget(any_ledger_url, body, caps={"run": Decimal("0.1")}, on_alert=alerts.append)
    assert [(alert.scope, alert.spent_usd) for alert in alerts] == [("run:run", Decimal("0.08"))]


def spender(url: str, cap: str, seed: int, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SPENDER), url, cap, str(seed), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_three_processes_never_pass_the_cap_and_leave_less_than_one_call(any_ledger_url):
    cap = Decimal("0.5")
    workers = [spender(any_ledger_url, str(cap), seed) for seed in range(3)]
    spent = sum(int(worker.communicate(timeout=60)[0]) for worker in workers)
    assert spent_and_reserved(any_ledger_url) == (spent, 0)
    assert cap - Decimal("0.004") < Decimal(spent) / 1_000_000_000 <= cap


def test_what_a_killed_process_had_reserved_comes_back(any_ledger_url):
    worker = spender(any_ledger_url, "0.1", 0, "20")
    worker.communicate(timeout=60)
    assert worker.returncode < 0
    assert spent_and_reserved(any_ledger_url)[1] >= 80_000_000

    async def body(budget: LedgerRunBudget) -> None:
        await pay(budget, Decimal("0.1"), Decimal("0.1"))

    with_budget(any_ledger_url, body, caps={"run": Decimal("0.1")})
    assert spent_and_reserved(any_ledger_url) == (100_000_000, 0)
    with open_ledger(any_ledger_url).begin() as connection:
        assert sum(row.reserved_nusd for row in connection.execute(select(holdings))) == 0


def test_two_that_each_hold_too_little_do_not_wait_for_each_other(any_ledger_url):
    async def spend(budget: LedgerRunBudget, both_hold: asyncio.Barrier) -> None:
        """A call, and another that needs more than the first leaves over."""
        first = await budget.reserve(CENT)
        await both_hold.wait()
        second = asyncio.ensure_future(budget.reserve(CENT))
        await asyncio.sleep(0)
        await budget.settle(first, CENT / 5)
        await budget.settle(await second, CENT / 5)
        await budget.close()

    async def body() -> None:
        both_hold = asyncio.Barrier(2)
        budgets = [LedgerRunBudget(open_ledger(any_ledger_url), run_id="run", caps={"run": 2 * CENT}) for _ in range(2)]
        await asyncio.wait_for(asyncio.gather(*(spend(budget, both_hold) for budget in budgets)), 20)

    asyncio.run(body())
    assert spent_and_reserved(any_ledger_url) == (8_000_000, 0)


def test_a_mail_that_was_begun_has_money_for_its_last_call_and_others_are_not_begun(any_ledger_url):
    async def body(budget: LedgerRunBudget) -> list[str]:
        ended: list[str] = []

        async def read(mail: str) -> None:
            with budget.mail(mail, 2 * CENT):
                try:
                    for _ in range(2):
                        reservation = await budget.reserve(5 * CENT, least_usd=CENT, message_key=mail)
                        await asyncio.sleep(0)
                        await budget.settle(reservation, CENT)
                except BudgetExceeded:
                    return
                ended.append(mail)

        await asyncio.gather(*(read(str(number)) for number in range(10)))
        return ended

    ended = with_budget(any_ledger_url, body, caps={"run": 5 * CENT})
    assert len(ended) == 2
    assert spent_and_reserved(any_ledger_url) == (40_000_000, 0)


def test_a_call_gets_its_worst_while_there_is_plenty_and_less_when_money_is_short(any_ledger_url):
    async def body(budget: LedgerRunBudget) -> list[Decimal]:
        granted = []
        for _ in range(3):
            reservation = await budget.reserve(2 * CENT, least_usd=CENT)
            granted.append(reservation.most_usd)
            await budget.settle(reservation, reservation.most_usd)
        return granted

    assert with_budget(any_ledger_url, body, caps={"run": 5 * CENT}) == [2 * CENT, 2 * CENT, CENT]
    assert spent_and_reserved(any_ledger_url) == (50_000_000, 0)


def test_what_a_mail_did_not_need_is_anybodys_again(any_ledger_url):
    async def body(budget: LedgerRunBudget) -> None:
        with budget.mail("first", 4 * CENT):
            await budget.settle(await budget.reserve(CENT, message_key="first"), CENT)
        with budget.mail("second", 4 * CENT):
            await budget.settle(await budget.reserve(4 * CENT, message_key="second"), 4 * CENT)

    with_budget(any_ledger_url, body, caps={"run": 5 * CENT})
    assert spent_and_reserved(any_ledger_url) == (50_000_000, 0)


@pytest.mark.parametrize(
    ("nano", "told"),
    [(0, "$0.000000"), (1, "$0.000000001"), (123, "$0.00000012"), (10_000, "$0.000010"), (1_500_000_000, "$1.500000")],
)
def test_a_tiny_sum_does_not_look_like_nothing(nano, told):
    assert _dollars(nano) == told
