"""This process's clients of the providers: one SDK client per key, and a limit on calls in flight per provider."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from pydantic import SecretStr

from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheets import sheet_of
from tasks.providers.gateway.key_rotation import KeyRotation
from tasks.providers.gateway.priority_semaphore import PrioritySemaphore
from tasks.questions import Adapter, CallPolicy


class MakeAdapter(Protocol):
    """The type of `tasks.providers.apis.adapters.make_adapter`; tests pass their own."""

    def __call__(
        self, provider: str, account: ProviderAccount, key: SecretStr | None, *, concurrency: int
    ) -> Adapter: ...


class ProviderClient:
    """One provider: its account, its keys, and the `semaphore` that limits the calls in flight."""

    def __init__(
        self, provider: str, account: ProviderAccount, rotation: KeyRotation, concurrency: int, make: MakeAdapter
    ) -> None:
        self.account = account
        self.rotation = rotation
        self.semaphore = PrioritySemaphore(concurrency)
        self._provider = provider
        self._concurrency = concurrency
        self._make = make
        self._adapters: dict[int, Adapter] = {}

    def adapter(self, index: int) -> Adapter:
        """The SDK client for the key with this index, made at its first use."""
        if index not in self._adapters:
            key = self.account.keys[index] if self.account.keys else None
            self._adapters[index] = self._make(self._provider, self.account, key, concurrency=self._concurrency)
        return self._adapters[index]

    async def close(self) -> None:
        """Close all connections. The next call opens new ones."""
        adapters, self._adapters = list(self._adapters.values()), {}
        await asyncio.gather(*(adapter.close() for adapter in adapters), return_exceptions=True)


class Clients:
    """The clients of a process. Each is made when its provider is first asked."""

    def __init__(
        self,
        accounts: Accounts,
        make: MakeAdapter,
        *,
        concurrency: int,
        policy: CallPolicy,
        slots: Mapping[str, int] = MappingProxyType({}),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._make = make
        self._concurrency, self._slots = concurrency, slots
        self._policy = policy
        self._clock = clock
        self._clients: dict[str, ProviderClient] = {}

    def of(self, provider: str) -> ProviderClient:
        """The client of this provider.

        Raises:
            Misconfigured: The provider lacks a setting that it needs, such as its key.
        """
        client = self._clients.get(provider)
        if client is None:
            account = self._accounts.require(provider)
            rotation = KeyRotation(
                provider, len(account.keys), turn_s=self._policy.key_turn_s, rest_s=self._policy.key_rest_s,
                clock=self._clock,
            )  # fmt: skip
            client = self._clients[provider] = ProviderClient(
                provider, account, rotation, account.concurrency or self._at_once(provider), self._make
            )
        return client

    def _at_once(self, provider: str) -> int:
        """Calls in flight, where the account does not say how many: as its server has slots, or as its sheet says."""
        most = self._slots.get(provider) or sheet_of(provider).calls_at_once or self._concurrency
        return min(most, self._concurrency)

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients.values()))
