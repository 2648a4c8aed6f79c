"""Lines to the providers as this process holds them: a client per key, and how many calls may be in flight."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from pydantic import SecretStr

from tasks.providers.accounts import Accounts, ProviderAccount
from tasks.providers.keys import KeyRing
from tasks.providers.seats import Seats
from tasks.questions import Adapter, CallPolicy


class MakeAdapter(Protocol):
    """`tasks.providers.adapters.make_adapter`, or what stands in for it in a test."""

    def __call__(
        self, provider: str, account: ProviderAccount, key: SecretStr | None, *, concurrency: int
    ) -> Adapter: ...


class Line:
    """One provider: its account, its keys, and `seats`, one for each call that may be in flight."""

    def __init__(self, provider: str, account: ProviderAccount, ring: KeyRing, seats: int, make: MakeAdapter) -> None:
        self.account = account
        self.ring = ring
        self.seats = Seats(seats)
        self._provider = provider
        self._concurrency = seats
        self._make = make
        self._adapters: dict[int, Adapter] = {}

    def adapter(self, index: int) -> Adapter:
        """The client of the key with this index, made at its first use: some SDKs hold one key a process otherwise."""
        if index not in self._adapters:
            key = self.account.keys[index] if self.account.keys else None
            self._adapters[index] = self._make(self._provider, self.account, key, concurrency=self._concurrency)
        return self._adapters[index]

    async def close(self) -> None:
        """End all connections; the next call opens new ones."""
        adapters, self._adapters = list(self._adapters.values()), {}
        await asyncio.gather(*(adapter.close() for adapter in adapters), return_exceptions=True)


class Lines:
    """The lines of a process, each opened when its provider is first asked."""

    def __init__(
        self,
        accounts: Accounts,
        make: MakeAdapter,
        *,
        concurrency: int,
        policy: CallPolicy,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._make = make
        self._concurrency = concurrency
        self._policy = policy
        self._clock = clock
        self._lines: dict[str, Line] = {}

    def of(self, provider: str) -> Line:
        """The line to this provider.

        Raises:
            Misconfigured: The provider is not configured well enough to be asked.
        """
        line = self._lines.get(provider)
        if line is None:
            account = self._accounts.require(provider)
            ring = KeyRing(
                provider, len(account.keys), turn_s=self._policy.key_turn_s, rest_s=self._policy.key_rest_s,
                clock=self._clock,
            )  # fmt: skip
            line = self._lines[provider] = Line(provider, account, ring, self._concurrency, self._make)
        return line

    async def close(self) -> None:
        await asyncio.gather(*(line.close() for line in self._lines.values()))
