"""A batch's whole life, which can be ended at any step; as a program, the end is a SIGKILL.

Steps are what lasts: every commit to the ledger and every call to the provider; one ends when it has lasted.

Usage: batch_life.py LEDGER_URL PROVIDER STEP
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, insert

from tasks.categories import DEFAULT_CATEGORIES
from tasks.errors import AwaitingBatch
from tasks.ledger.engine import open_ledger
from tasks.ledger.owners import owner_name
from tasks.ledger.schema import messages
from tasks.providers.apis.adapters import make_batch_api
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.event_loop import on_model_loop
from tasks.questions import Completion
from tasks.runs import Run
from tasks.settings import Settings
from tasks.understand.answers import Triage
from tasks.understand.batch_asker import BatchAsker
from tasks.understand.batches import BatchRound
from tasks.understand.models_by_price import ModelsByPrice
from tasks.understand.understand import triage_question

MAILS = 5
CAP = Decimal(1)


def mail(number: int) -> dict[str, Any]:
    return {
        "message_key": sha256(str(number).encode()).hexdigest(),
        "sender": "A <a@example.com>",
        "subject": f"Question {number}",
        "date": "",
        "attachments": [],
        "text": "I cannot log in to my account, can you help me please?",
        "language": "en",
    }


class Steps:
    """Counts steps, and calls `end` when it comes to number `last`."""

    def __init__(self, last: int, end: Callable[[], None]) -> None:
        self.count = 0
        self._last = last
        self._end = end

    def step(self) -> None:
        self.count += 1
        if self.count == self._last:
            self._end()


class SteppedApi:
    """A batch API each of whose calls is a step."""

    def __init__(self, api: Any, steps: Steps) -> None:
        self._api = api
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._api, name)
        if name in ("upload", "submit", "find", "standing", "forget"):

            async def stepped(*args: Any, **kwargs: Any) -> Any:
                answer = await found(*args, **kwargs)
                self._steps.step()
                return answer

            return stepped
        if name == "results":

            async def stepped_results(*args: Any) -> Any:
                async for result in found(*args):
                    yield result
                self._steps.step()

            return stepped_results
        return found


def run_of(url: str, provider: str) -> Run:
    settings = Settings(ledger_url=url, provider=provider, mode="economy", budget_usd=CAP)
    return Run(id="run", settings=settings)


def answers(engine: Engine, run: Run) -> list[Completion[Triage] | None]:
    """What each mail's triage is; null while it waits."""
    asker, provider = BatchAsker(Accounts(), engine, run), run.settings.provider
    chain, _reason = ModelsByPrice(providers=(provider,)).for_triage({})
    return asyncio.run(_all_answers(asker, chain))


async def _all_answers(asker: BatchAsker, chain: Any) -> list[Completion[Triage] | None]:
    async def one(number: int) -> Completion[Triage] | None:
        row = mail(number)
        try:
            return await asker.complete(triage_question(row, DEFAULT_CATEGORIES), chain, message_key=row["message_key"])
        except AwaitingBatch:
            return None

    return list(await asyncio.gather(*(one(number) for number in range(MAILS))))


def prepare(url: str, provider: str) -> Engine:
    """A ledger whose mails are being worked on, their questions queued."""
    engine = open_ledger(url)
    rows = [
        {"message_key": mail(number)["message_key"], "state": "PROCESSING", "retry": False, "fence": 1, "owner": "me",
         "lease_until": 1e12, "first_seen": number, "updated": 0}
        for number in range(MAILS)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(messages), rows)
    assert answers(engine, run_of(url, provider)) == [None] * MAILS
    return engine


def live(engine: Engine, provider: str, steps: Steps) -> None:
    """Send what waits and collect it, twice over, so that what was left behind is taken up and brought home."""
    run = Run(id="run", settings=Settings(ledger_url=str(engine.url), provider=provider, budget_usd=CAP))
    api = on_model_loop(_make(provider))
    dialect: Any = engine.dialect
    commit = dialect.do_commit

    def stepped_commit(connection: Any) -> None:
        commit(connection)
        steps.step()

    dialect.do_commit = stepped_commit
    try:
        for _ in range(2):
            round_ = BatchRound(
                engine=engine, api_of=lambda _name: SteppedApi(api, steps), caps_of=lambda _run: {"run": CAP},
                owner=owner_name(run.id), run_id=run.id,
            )  # fmt: skip
            round_.send()
            round_.collect()
            assert not round_.tally.troubles, round_.tally.troubles
    finally:
        del dialect.do_commit
        on_model_loop(api.close())


async def _make(provider: str) -> Any:
    return make_batch_api(provider, Accounts())


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    live(open_ledger(sys.argv[1]), sys.argv[2], Steps(int(sys.argv[3]), _die))
