"""One process's money from one set of budgets: reserved in the ledger in blocks, handed out, and taken back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from decimal import Decimal

from tasks.errors import BudgetExceeded
from tasks.ledger.batched_writer import BatchedWriter
from tasks.ledger.budgets import Alert, Bill, MoneyRequest, Scope, Shortage
from tasks.ledger.schema import NANO_USD

# A hundredth of the smallest cap: few writes, and little that one process may hold while others want it.
_BLOCKS_A_CAP = 100
_LOOK_AGAIN_S = 0.25
_PATIENCE_S = 120.0
# How long after a shortage only the needed amounts are requested, in seconds.
_SHORT_S = 1.0


class ScopeFunds:
    """Money from one set of scopes, in nano-dollars: part is free, the rest is held by mails and calls."""

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
        self._short_until = 0.0
        self._refusal: tuple[int, Shortage] | None = None
        self._turn = asyncio.Lock()
        self._returned = asyncio.Event()
        self._written: asyncio.Future[list[Alert]] | None = None

    async def take(self, need: int) -> None:
        """Take `need` from the free money, for a mail or call that nothing was paid for yet.

        Raises:
            BudgetExceeded: The budgets have less than that, even when all reserved money is released.
        """
        self._waiting += 1
        try:
            async with self._turn:  # first come, first served, so that cheap calls do not starve an expensive one
                await self._fetch(need)
                self._free -= need
        finally:
            self._waiting -= 1
            if not self._waiting and not self._calls and self._free:
                self._post(spent=0, given_back=self._free)  # refused, and no other call here can use it

    async def take_more(self, need: int) -> None:
        """Like `take`, for a mail that was begun: it goes before new mails and waits only for calls in flight.

        Raises:
            BudgetExceeded: No call in flight here can release that much.
        """
        while self._free < need:
            self._returned.clear()
            shortage = await self._request(need)
            if shortage is None:
                continue
            if shortage.hopeless or not self._calls:
                raise BudgetExceeded(_short(shortage, need))
            await self._more_may_be_free()
        self._free -= need

    async def take_if_plenty(self, amount: int) -> bool:
        """Take the amount unless a call waits or the ledger had too little recently; return whether it was taken."""
        if self._waiting:
            return False
        if self._free < amount and time.monotonic() >= self._short_until:
            await self._request(amount)
        if self._free < amount or self._waiting:
            return False
        self._free -= amount
        return True

    def begin_call(self) -> None:
        self._calls += 1

    def end_call(self, spent: int, returned: int) -> None:
        """Pay `spent` and free `returned`, which goes back to the ledger if no call here waits."""
        self._calls -= 1
        self.put_back(returned, spent=spent)

    def put_back(self, returned: int, *, spent: int = 0) -> None:
        """Free `returned` of the money that a mail held."""
        self._free += returned
        keep = self._free if self._waiting else 2 * self._block if self._calls else 0
        given_back = max(0, self._free - keep)
        if spent or given_back:
            self._post(spent=spent, given_back=given_back)
        self._returned.set()

    async def flushed(self) -> None:
        """Wait until the last bill is on disk."""
        if self._written is not None:
            await self._written

    def _post(self, *, spent: int, given_back: int) -> None:
        self._free -= given_back
        bill = Bill(owner=self._owner, scopes=self.scopes, spent=spent, given_back=given_back)
        self._written = self._writer.post("pay", bill)
        self._written.add_done_callback(self._tell)

    async def _fetch(self, need: int) -> None:
        patient_until = time.monotonic() + _PATIENCE_S
        while self._free < need:
            if self._refusal is not None and need >= self._refusal[0]:
                raise BudgetExceeded(_short(self._refusal[1], need))  # spending never falls, so it still holds
            self._returned.clear()
            shortage = await self._request(need)
            if shortage is None:
                continue
            if shortage.hopeless:
                self._refusal = need, shortage
            if self._calls:
                patient_until = time.monotonic() + _PATIENCE_S  # reserved money will be released
            if shortage.hopeless or time.monotonic() > patient_until:
                raise BudgetExceeded(_short(shortage, need))
            if not self._calls and self._free:
                # Another process may wait for what this one holds, and this one for what the other holds: a deadlock.
                self._post(spent=0, given_back=self._free)
            await self._more_may_be_free()

    async def _request(self, need: int) -> Shortage | None:
        """Request what is missing of `need` from the ledger. Null means that it was granted and is free now."""
        missing = need - self._free
        wanted = MoneyRequest(
            owner=self._owner, scopes=self.scopes, most=max(self._block, missing), least=missing, worst=need
        )
        granted = await self._writer.write("take", wanted)
        if isinstance(granted, Shortage):
            self._short_until = time.monotonic() + _SHORT_S
            return granted
        self._free += granted
        return None

    async def _more_may_be_free(self) -> None:
        """Wait until a call of this process is settled, or for a while, as other processes' calls are not noticed."""
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
    return f"{named} has {_dollars(shortage.left)} left unspent, and what is next may cost up to {_dollars(worst)}."


def _dollars(nano: int) -> str:
    """With six decimals; less than that with its first two digits, as it must not look like nothing."""
    usd = Decimal(nano) / NANO_USD
    return f"${usd:.6f}" if usd >= Decimal("0.00001") or not usd else f"${Decimal(f'{usd:.2g}'):f}"
