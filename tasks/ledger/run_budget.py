"""One process's money for one run: taken from the ledger in blocks, handed out call by call, exact to the nano-dollar."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Engine

from tasks.errors import BudgetExceeded, Misconfigured
from tasks.ledger.batched_writer import BatchedWriter
from tasks.ledger.budgets import Alert, Bill, MoneyRequest, Scope, Shortage, open_scopes, pay, scopes_at, take
from tasks.ledger.completions import writer_of
from tasks.ledger.owners import owner_name
from tasks.ledger.schema import NANO_USD
from tasks.questions import Reservation
from tasks.settings import Settings

# A hundredth of the smallest cap: few writes, and little that one process may hold while others want it.
_BLOCKS_A_CAP = 100
_LOOK_AGAIN_S = 0.25
_PATIENCE_S = 120.0
_budget_numbers = itertools.count()


class _ScopeFunds:
    """Money of one set of scopes: `free` to hand out, the rest of what is held being out with calls under way."""

    def __init__(
        self, writer: BatchedWriter, owner: str, scopes: tuple[Scope, ...], on_alert: Callable[[Alert], None] | None
    ) -> None:
        self.scopes = scopes
        self._writer = writer
        self._owner = owner
        self._on_alert = on_alert
        caps = [scope.cap for scope in scopes if scope.cap is not None]
        self._block = min(caps) // _BLOCKS_A_CAP if caps else NANO_USD
        self._free = 0
        self._calls = 0
        self._waiting = 0
        self._refusal: tuple[int, Shortage] | None = None
        self._turn = asyncio.Lock()
        self._returned = asyncio.Event()
        self._written: asyncio.Future[list[Alert]] | None = None

    async def take(self, worst: int) -> None:
        """Move `worst` from what is free to what is out, fetching more when it does not suffice."""
        self._waiting += 1
        try:
            async with self._turn:  # in the order of asking, so that a dear call is not starved by cheap ones
                await self._fetch(worst)
                self._free -= worst
                self._calls += 1
        finally:
            self._waiting -= 1
            if not self._waiting and not self._calls and self._free:
                self._post(spent=0, given_back=self._free)  # refused, and nobody here is left to use it

    def settle(self, worst: int, actual: int) -> None:
        """Pay `actual` of the `worst` that was out; what nobody here waits for goes back to the ledger."""
        self._calls -= 1
        self._free += worst - actual
        keep = self._free if self._waiting else 2 * self._block if self._calls else 0
        self._post(spent=actual, given_back=max(0, self._free - keep))
        self._returned.set()

    async def flushed(self) -> None:
        """Return when the last bill is on disk."""
        if self._written is not None:
            await self._written

    def _post(self, *, spent: int, given_back: int) -> None:
        self._free -= given_back
        bill = Bill(owner=self._owner, scopes=self.scopes, spent=spent, given_back=given_back)
        self._written = self._writer.post("pay", bill)
        self._written.add_done_callback(self._tell)

    async def _fetch(self, worst: int) -> None:
        patient_until = time.monotonic() + _PATIENCE_S
        while self._free < worst:
            if self._refusal is not None and worst >= self._refusal[0]:
                raise BudgetExceeded(_short(self._refusal[1], worst))  # what was spent only grows
            missing = worst - self._free
            wanted = MoneyRequest(
                owner=self._owner, scopes=self.scopes, most=max(self._block, missing), least=missing, worst=worst
            )
            self._returned.clear()
            granted = await self._writer.write("take", wanted)
            if not isinstance(granted, Shortage):
                self._free += granted
                continue
            if granted.hopeless:
                self._refusal = worst, granted
            if granted.hopeless or time.monotonic() > patient_until:
                raise BudgetExceeded(_short(granted, worst))
            if not self._calls and self._free:
                # Another process may be waiting for what we hold, as we for what it holds: neither would ever get it.
                self._post(spent=0, given_back=self._free)
            await self._more_may_be_free()

    async def _more_may_be_free(self) -> None:
        """Return when a call of ours was settled, or after a while, since those of other processes are not heard."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._returned.wait(), _LOOK_AGAIN_S)

    def _tell(self, written: asyncio.Future[list[Alert]]) -> None:
        if written.cancelled() or self._on_alert is None:
            return
        if written.exception() is None:
            for alert in written.result():
                self._on_alert(alert)


def _short(shortage: Shortage, worst: int) -> str:
    kind, _, which = shortage.scope.name.partition(":")
    named = f"The run's budget of {_dollars(shortage.scope.cap or 0)}"
    if kind != "run":
        named = f"The budget of {_dollars(shortage.scope.cap or 0)} for the {kind} {which}"
    return f"{named} has {_dollars(shortage.left)} left unspent, and the next call may cost up to {_dollars(worst)}."


def _dollars(nano: int) -> str:
    return f"${Decimal(nano) / NANO_USD:.6f}"


class LedgerRunBudget:
    """`tasks.questions.RunBudget` over the ledger; one a process and run, used on one event loop.

    `caps` are US dollars by "run", "day" and "month"; one that is missing or null does not bind. `on_alert` is called
    on the loop, once, when 80 % of a cap is spent.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        run_id: str,
        caps: Mapping[str, Decimal | None],
        on_alert: Callable[[Alert], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._run_id = run_id
        self._caps = caps
        self._on_alert = on_alert
        self._clock = clock
        self._writer = writer_of(engine)
        self._writer.learn({"pay": pay, "take": take})
        self._owner = owner_name(f"{run_id}/{next(_budget_numbers)}")
        self._numbers = itertools.count()
        self._open: dict[int, tuple[_ScopeFunds, int]] = {}
        self._funds_now: _ScopeFunds | None = None
        self._opening = asyncio.Lock()

    async def reserve(self, worst_usd: Decimal | None) -> Reservation:
        """Money for one call, set aside in run, day and month; waits while others hold money that may come back.

        Raises:
            BudgetExceeded: A cap leaves less than `worst_usd`.
            Misconfigured: The price is unknown, so no budget can be kept.
        """
        if worst_usd is None:
            raise Misconfigured(
                "A budget is set, but the price of a model to be asked is unknown. Set its price in MAILROOM_PRICES, "
                "choose another model, or take the budget away."
            )
        worst = int((worst_usd * NANO_USD).to_integral_value(rounding="ROUND_CEILING"))
        funds = await self._current_funds()
        await funds.take(worst)
        number = next(self._numbers)
        self._open[number] = (funds, worst)
        return Reservation(number=number, worst_usd=worst_usd)

    async def settle(self, reservation: Reservation, actual_usd: Decimal | None) -> None:
        """Pay for the call and free the rest; an unknown price is paid as the worst.

        To be called before the answer is written down: what was paid is then never less than what the ledger shows.
        """
        funds, worst = self._open.pop(reservation.number)
        actual = worst if actual_usd is None else int((actual_usd * NANO_USD).to_integral_value("ROUND_HALF_UP"))
        funds.settle(worst, actual)

    async def close(self) -> None:
        """Give back what is left; calls that were never settled are paid as their worst."""
        for funds, worst in self._open.values():
            funds.settle(worst, worst)
        self._open.clear()
        if self._funds_now:
            await self._funds_now.flushed()

    async def _current_funds(self) -> _ScopeFunds:
        scopes = scopes_at(self._run_id, self._caps, datetime.fromtimestamp(self._clock(), UTC))
        if self._funds_now is None or self._funds_now.scopes != scopes:
            async with self._opening:
                if self._funds_now is None or self._funds_now.scopes != scopes:
                    await asyncio.to_thread(open_scopes, self._engine, scopes)
                    self._funds_now = _ScopeFunds(self._writer, self._owner, scopes, self._on_alert)
        return self._funds_now


def run_budget_for(
    engine: Engine, run_id: str, settings: Settings, on_alert: Callable[[Alert], None] | None = None
) -> LedgerRunBudget | None:
    """The run's budget in this process; null when no budget is set, for then nothing is to be kept."""
    if not settings.has_budget:
        return None
    return LedgerRunBudget(engine, run_id=run_id, caps=settings.caps_usd, on_alert=on_alert)
