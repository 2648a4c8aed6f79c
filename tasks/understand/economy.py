"""The two tasks of economy mode: one sends batches, the other collects their answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from prefect import task

from tasks import policies
from tasks.ledger.engine import open_ledger
from tasks.ledger.owners import owner_name
from tasks.ledger.runs import read_run_settings
from tasks.providers.apis.adapters import make_batch_api
from tasks.providers.apis.batch_api import BatchApi
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.event_loop import on_model_loop
from tasks.runs import Run
from tasks.understand.alerts import tell_of_budget
from tasks.understand.batch_results import BatchTally
from tasks.understand.batches import BatchRound, Caps

log = logging.getLogger("mailroom.understand")


@task(name="send batches", **policies.LEDGER)
def send_batches(run: Run) -> BatchTally:
    """Send the questions of the run's mails, and all others that wait for a batch."""
    with batch_round(run) as round_:
        tally = round_.send()
    log.info("%s.", tally.sentence())
    return tally


@task(name="collect answers", **policies.LEDGER)
def collect_answers(run: Run) -> BatchTally:
    """Claim batches of dead processes, settle those that have ended, and send questions that must be asked again."""
    with batch_round(run) as round_:
        round_.collect()
        tally = round_.send()
    log.info("%s.", tally.sentence())
    return tally


@contextmanager
def batch_round(run: Run) -> Iterator[BatchRound]:
    """A round over the ledger's batches. Its connections are closed at the end."""
    engine, accounts = open_ledger(run.settings.ledger), Accounts()
    apis: dict[str, BatchApi] = {}

    async def make(provider: str) -> BatchApi:
        return make_batch_api(provider, accounts)

    def api_of(provider: str) -> BatchApi:
        if provider not in apis:
            apis[provider] = on_model_loop(make(provider))
        return apis[provider]

    def caps_of(run_id: str) -> Caps:
        if run_id == run.root:
            return run.settings.caps_usd
        kept = read_run_settings(engine, run_id)
        usd = {kind: kept.get(name) for kind, name in _BUDGETS.items()}
        return {kind: None if amount is None else Decimal(str(amount)) for kind, amount in usd.items()}

    try:
        yield BatchRound(
            engine=engine, api_of=api_of, caps_of=caps_of, owner=owner_name(run.id), run_id=run.id,
            on_alert=tell_of_budget,
        )  # fmt: skip
    finally:
        for api in apis.values():
            on_model_loop(api.close())


_BUDGETS = {"run": "budget_usd", "day": "budget_day_usd", "month": "budget_month_usd"}
