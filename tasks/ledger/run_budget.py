"""One run's budget in one process. Money is reserved in the ledger in blocks and handed out call by call."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Engine

from tasks.errors import Misconfigured
from tasks.ledger.budgets import Alert, open_scopes, pay, scopes_at, take
from tasks.ledger.completions import writer_of
from tasks.ledger.owners import owner_name
from tasks.ledger.schema import NANO_USD
from tasks.ledger.scope_funds import ScopeFunds
from tasks.questions import Reservation
from tasks.settings import Settings

_budget_numbers = itertools.count()


@dataclass
class _MailShare:
    """Money for all calls of one mail: `expected` is reserved with the first call, `held` is what is left of it.

    A call that belongs to no open mail has its own share, which is closed. Amounts are nano-dollars.
    """

    expected: int = 0
    held: int = 0
    funds: ScopeFunds | None = None
    closed: bool = False

    async def take(self, funds: ScopeFunds, least: int, worst: int) -> int:
        """Take money for one call and return the amount: `worst` where there is plenty, at least `least`.

        Raises:
            BudgetExceeded: A cap has less than `least` left.
        """
        first = self.funds is not funds  # the mail's first call, or its first on another day
        if first:
            self.put_back()
            await funds.take(max(least, self.expected))
            self.funds, self.held = funds, max(least, self.expected)
        elif self.held < least:
            missing = least - self.held
            await funds.take_more(missing)
            self.held += missing
        amount = least if first else min(worst, self.held)
        if amount < worst and await funds.take_if_plenty(worst - amount):
            self.held += worst - amount
            amount = worst
        self.held -= amount
        return amount

    def pay(self, funds: ScopeFunds, amount: int, actual: int) -> None:
        """Pay `actual` for a call that had `amount` reserved. The mail keeps the rest for its next call."""
        kept = not self.closed and self.funds is funds
        self.held += amount - actual if kept else 0
        funds.end_call(actual, 0 if kept else amount - actual)

    def put_back(self) -> None:
        """Release what the mail still holds."""
        if self.funds is not None and self.held:
            self.funds.put_back(self.held)
        self.held = 0


class LedgerRunBudget:
    """`tasks.questions.RunBudget` over the ledger. There is one for each process and run, used on one event loop.

    `caps` are US dollars by "run", "day" and "month"; a missing or null one sets no limit. `on_alert` is called once on
    the loop when 80 % of a cap is spent.
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
        self._open: dict[int, tuple[ScopeFunds, _MailShare, int]] = {}
        self._mails: dict[str, _MailShare] = {}
        self._funds_now: ScopeFunds | None = None
        self._opening = asyncio.Lock()

    @contextlib.contextmanager
    def mail(self, message_key: str, expected_usd: Decimal) -> Iterator[None]:
        """Reserve `expected_usd` for all calls of the mail within the block, so that a mail that was begun is finished.

        The money is reserved with the mail's first call.
        """
        share = self._mails[message_key] = _MailShare(expected=_nano(expected_usd))
        try:
            yield
        finally:
            share.closed = True
            share.put_back()
            if self._mails.get(message_key) is share:
                del self._mails[message_key]

    async def reserve(
        self, worst_usd: Decimal | None, *, least_usd: Decimal | None = None, message_key: str = ""
    ) -> Reservation:
        """Reserve money for one call about a mail in run, day and month; less than `worst_usd` where it is short.

        Waits while other calls hold money that they may release.

        Raises:
            BudgetExceeded: A cap leaves less than `least_usd`, or than `worst_usd` where that is null.
            Misconfigured: The price is unknown, so no budget can be kept.
        """
        if worst_usd is None:
            raise Misconfigured(
                "A budget is set, but the price of a model to be asked is unknown. Set its price in MAILROOM_PRICES, "
                "choose another model, or take the budget away."
            )
        worst = _nano(worst_usd)
        least = worst if least_usd is None else min(worst, _nano(least_usd))
        funds = await self._current_funds()
        share = self._mails.get(message_key) or _MailShare(closed=True)
        amount = await share.take(funds, least, worst)
        funds.begin_call()
        number = next(self._numbers)
        self._open[number] = (funds, share, amount)
        return Reservation(number=number, most_usd=Decimal(amount) / NANO_USD)

    async def settle(self, reservation: Reservation, actual_usd: Decimal | None) -> None:
        """Pay for the call and release the rest. An unknown price is paid as the reserved amount.

        Call it before the answer is recorded, so that the budget's spending is never less than the sum of the calls.
        """
        funds, share, amount = self._open.pop(reservation.number)
        actual = amount if actual_usd is None else int((actual_usd * NANO_USD).to_integral_value("ROUND_HALF_UP"))
        share.pay(funds, amount, actual)

    async def close(self) -> None:
        """Release what is left. Calls that were never settled are paid as their reserved amounts."""
        for funds, share, amount in self._open.values():
            share.pay(funds, amount, amount)
        self._open.clear()
        for share in self._mails.values():
            share.put_back()
        if self._funds_now:
            await self._funds_now.flushed()

    async def _current_funds(self) -> ScopeFunds:
        scopes = scopes_at(self._run_id, self._caps, datetime.fromtimestamp(self._clock(), UTC))
        if self._funds_now is None or self._funds_now.scopes != scopes:
            async with self._opening:
                if self._funds_now is None or self._funds_now.scopes != scopes:
                    await asyncio.to_thread(open_scopes, self._engine, scopes)
                    self._funds_now = ScopeFunds(self._writer, self._owner, scopes, self._on_alert)
        return self._funds_now


def run_budget_for(
    engine: Engine, run_id: str, settings: Settings, on_alert: Callable[[Alert], None] | None = None
) -> LedgerRunBudget | None:
    """The run's budget in this process; null when no budget is set."""
    if not settings.has_budget:
        return None
    return LedgerRunBudget(engine, run_id=run_id, caps=settings.caps_usd, on_alert=on_alert)


def _nano(usd: Decimal) -> int:
    return int((usd * NANO_USD).to_integral_value(rounding="ROUND_CEILING"))
