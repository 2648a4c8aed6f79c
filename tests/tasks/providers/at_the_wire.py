"""A gateway over a real SDK's adapter, a real ledger, and a far side that answers what a test scripts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import SecretStr
from sqlalchemy import delete, select

from tasks import policies
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.ledger.schema import breakers, completions
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.gateway.controls import Controls, Timing
from tasks.providers.gateway.gateway import Gateway
from tasks.questions import Adapter, Completion, Link, Question, RateLimits, RunBudget
from tests.tasks.providers.far_side import KEY, MODELS, QUESTION, Adapters, Reply, Request, account, provider_of
from tests.tasks.providers.scripted import Time


class OneAccount:
    """The place of `Accounts`, with the settings of one SDK."""

    def __init__(self, settings: ProviderAccount) -> None:
        self._settings = settings

    def require(self, provider: str) -> ProviderAccount:
        return self._settings


class Wire:
    """All gateways share the adapters and one ledger.

    Each gateway comes long after the one before, and knows of no failures.
    """

    def __init__(self, url: str) -> None:
        self.adapters = Adapters()
        self.engine = open_ledger(url)
        self._starts = itertools.count(1_000_000, 100_000)
        self.time = Time()
        self.breakers = LedgerBreakers(self.engine, policies.CALL, clock=self.time)

    @property
    def requests(self) -> list[Request]:
        return self.adapters.far_side.requests

    def gateway(
        self, sdk: str, reply: Reply | Callable[[Request], Reply], *, timeout_s: float = 20.0,
        budget: RunBudget | None = None, keys: tuple[str, ...] = (KEY,), **values: Any,
    ) -> Gateway:  # fmt: skip
        """A fresh gateway to a far side that answers so; `values` are settings of the account."""
        self.adapters.far_side.reply = reply
        self.requests.clear()
        self.time = Time()
        self.time.now = float(next(self._starts))
        with self.engine.begin() as connection:
            connection.execute(delete(breakers))
        self.breakers = LedgerBreakers(self.engine, policies.CALL, clock=self.time)
        settings = account(sdk, self.adapters.address, api_keys=",".join(keys), **values)
        limits = RateLimits(rpm=600_000, tpm=600_000_000)
        made = self.adapters._adapter(sdk, {"timeout": timeout_s, **values})

        def adapter(_provider: str, _account: ProviderAccount, _key: SecretStr | None, *, concurrency: int) -> Adapter:
            return made

        return Gateway(
            OneAccount(settings),
            Controls(
                book=LedgerBook(self.engine, run_id="run", ttl_s=3600, clock=self.time),
                rate_limiter=LedgerRateLimiter(
                    self.engine,
                    set_limits=lambda _: limits,
                    usual_limits=lambda _: limits,
                    clock=self.time,
                    sleep=self.time.pace,
                ),
                breakers=self.breakers,
                policy=policies.CALL,
                budget=budget,
                timing=Timing(clock=self.time, sleep=self.time.sleep, rng=lambda: 0.5),
            ),
            adapters=adapter,
        )

    def ask(
        self, sdk: str, reply: Reply | Callable[[Request], Reply], name: str, *, question: Question[Any] = QUESTION,
        **options: Any,
    ) -> Completion[Any]:  # fmt: skip
        """One question about the mail `name` through a fresh gateway."""
        return self.on(self.gateway(sdk, reply, **options), sdk, name, question)

    def on(self, gateway: Gateway, sdk: str, name: str, question: Question[Any] = QUESTION) -> Completion[Any]:
        """One question about the mail `name` through this gateway."""
        return self.adapters.loop.run(about(gateway, sdk, name, question))

    def rows(self, name: str) -> list[Any]:
        """What the ledger has of the mail `name`."""
        wanted = select(completions).where(completions.c.message_key == name).order_by(completions.c.begun_at)
        with self.engine.begin() as connection:
            return list(connection.execute(wanted))

    def close(self) -> None:
        self.adapters.loop.stop()


async def about(gateway: Gateway, sdk: str, name: str, question: Question[Any] = QUESTION) -> Completion[Any]:
    """The answer of the SDK's usual model about the mail `name`."""
    asked = replace(question, text=f"{question.text} {name}")
    return await gateway.complete(asked, (link_of(sdk),), message_key=name)


def link_of(sdk: str) -> Link:
    return Link(provider=provider_of(sdk), model=MODELS[sdk])
