"""A provider that answers by script, and a clock that moves when somebody sleeps.

A gateway uses both, with a real ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr
from sqlalchemy import Engine, select

from tasks import policies
from tasks.errors import CallError
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.ledger.schema import completions
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.gateway.controls import Controls, Timing
from tasks.providers.gateway.gateway import Gateway
from tasks.providers.gateway.rate_limits import set_limits, usual_limits
from tasks.questions import Adapter, Completion, Link, Question, RawAnswer, RunBudget, Usage

GOOD = '{"category": "SUPPORT"}'
FIRST = Link(provider="openai", model="gpt-6-luna")
SECOND = Link(provider="anthropic", model="claude-haiku-5-5")
Step = str | CallError | Callable[[], Awaitable[str]]


class Sorted(BaseModel):
    model_config = ConfigDict(extra="forbid")
    category: str


def question(text: str = "the mail", **changes: Any) -> Question[Sorted]:
    return Question(
        **{"name": "triage", "version": "1", "instructions": "Sort.", "text": text, "answer": Sorted} | changes
    )


class Time:
    """Seconds that pass only while somebody sleeps; a sleep lets every other task run first."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        await self.pace(seconds)

    async def pace(self, seconds: float) -> None:
        """As `sleep`, without a note in `slept`."""
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


@dataclass
class Scripted:
    """All adapters of one provider.

    Each request takes the next step of the script. After the last step every answer is good.
    """

    provider: str
    steps: Iterator[Step]
    clock: Time
    asked: list[tuple[float, str, str]] = field(default_factory=list)
    """When, with which key, and what text."""
    questions: list[Question[Any]] = field(default_factory=list)
    usage: Usage = field(default_factory=lambda: Usage(input_tokens=100, output_tokens=20))

    def adapter(self, key: str) -> Adapter:
        far = self

        class One:
            provider = far.provider

            async def ask(self, question: Question[Any], model: str) -> RawAnswer:
                far.asked.append((far.clock.now, key, question.text))
                far.questions.append(question)
                step = next(far.steps, GOOD)
                if isinstance(step, CallError):
                    raise step
                text = step if isinstance(step, str) else await step()
                return RawAnswer(text=text, usage=far.usage, model=model, request_id=f"r{len(far.asked)}")

            async def close(self) -> None:
                pass

        return One()


class Bench:
    """A gateway with scripts in the place of providers; `rows` reads what the ledger has."""

    def __init__(self, engine: Engine, **scripts: Iterable[Step]) -> None:
        self.time = Time()
        self.engine = engine
        self.far = {name: Scripted(name, iter(steps), self.time) for name, steps in scripts.items()}
        self.changes: list[str] = []

    def gateway(
        self, *, ttl_s: float = 3_600, run_id: str = "run", budget: RunBudget | None = None, **options: Any
    ) -> Gateway:
        accounts = Accounts()
        self.breakers = LedgerBreakers(
            self.engine, policies.CALL, clock=self.time, on_change=lambda _, state: self.changes.append(state)
        )
        return Gateway(
            accounts,
            Controls(
                book=LedgerBook(self.engine, run_id=run_id, ttl_s=ttl_s, clock=self.time),
                rate_limiter=LedgerRateLimiter(
                    self.engine,
                    set_limits=set_limits(accounts, {}),
                    usual_limits=usual_limits(accounts),
                    clock=self.time,
                    sleep=self.time.pace,
                ),
                breakers=self.breakers,
                policy=policies.CALL,
                budget=budget,
                timing=Timing(clock=self.time, sleep=self.time.sleep, rng=lambda: 0.5),
            ),
            adapters=self._adapter,
            **options,
        )

    def rows(self) -> list[Any]:
        with self.engine.begin() as connection:
            return list(connection.execute(select(completions).order_by(completions.c.begun_at)))

    def _adapter(self, provider: str, account: ProviderAccount, key: SecretStr | None, *, concurrency: int) -> Adapter:
        return self.far[provider].adapter(key.get_secret_value() if key else "")


def bench(url: str, **scripts: Iterable[Step]) -> Bench:
    return Bench(open_ledger(url), **scripts)


def ask(
    bench: Bench, *chain: Link, text: str = "the mail", refresh: bool = False, **options: Any
) -> Completion[Sorted]:
    """One question through a fresh gateway."""
    return asyncio.run(
        bench.gateway(**options).complete(question(text), chain or (FIRST,), message_key="m1", refresh=refresh)
    )
