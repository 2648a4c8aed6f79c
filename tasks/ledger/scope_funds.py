"""One process's money of one set of budgets: fetched from the ledger in blocks, handed out and taken back."""

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
# How long nobody asks for more than he needs after there was too little, in seconds.
_SHORT_S = 1.0


class ScopeFunds:
    """Money of one set of scopes: `free` to hand out, the rest of what is held being out with mails and calls."""

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
        """Move `need` from what is free to what is out, for a mail or call that nothing was paid for yet.

        Raises:
            BudgetExceeded: There will not be that much.
        """
        self._waiting += 1
        try:
            async with self._turn:  # in the order of asking, so that a dear call is not starved by cheap ones
                await self._fetch(need)
                self._free -= need
        finally:
            self._waiting -= 1
            if not self._waiting and not self._calls and self._free:
                self._post(spent=0, given_back=self._free)  # refused, and nobody here is left to use it

    async def take_more(self, need: int) -> None:
        """As `take`, for a mail that was begun: it goes before those that were not, and waits only for calls under way.

        Raises:
            BudgetExceeded: Nothing under way here may bring that much back.
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
        """Whether the amount was moved out. It is not if somebody waits, or if the ledger had too little just now."""
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
        """Pay `spent`. `returned` of what was out is free again; it goes back to the ledger if nobody here waits."""
        self._calls -= 1
        self.put_back(returned, spent=spent)

    def put_back(self, returned: int, *, spent: int = 0) -> None:
        """So much of what was out is free again."""
        self._free += returned
        keep = self._free if self._waiting else 2 * self._block if self._calls else 0
        given_back = max(0, self._free - keep)
        if spent or given_back:
            self._post(spent=spent, given_back=given_back)
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

    async def _fetch(self, need: int) -> None:
        patient_until = time.monotonic() + _PATIENCE_S
        while self._free < need:
            if self._refusal is not None and need >= self._refusal[0]:
                raise BudgetExceeded(_short(self._refusal[1], need))  # what was spent only grows
            self._returned.clear()
            shortage = await self._request(need)
            if shortage is None:
                continue
            if shortage.hopeless:
                self._refusal = need, shortage
            if self._calls:
                patient_until = time.monotonic() + _PATIENCE_S  # something will come back
            if shortage.hopeless or time.monotonic() > patient_until:
                raise BudgetExceeded(_short(shortage, need))
            if not self._calls and self._free:
                # Another process may be waiting for what we hold, as we for what it holds: neither would ever get it.
                self._post(spent=0, given_back=self._free)
            await self._more_may_be_free()

    async def _request(self, need: int) -> Shortage | None:
        """Ask the ledger for what is missing of `need`; null where it was granted, and is free now."""
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
    return f"{named} has {_dollars(shortage.left)} left unspent, and what is next may cost up to {_dollars(worst)}."


def _dollars(nano: int) -> str:
    return f"${Decimal(nano) / NANO_USD:.6f}"
