"""Processes one big source with many workers: this run records its mails, and several runs process shares of them."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import EFFECTS_NOT_DONE, says_what_is_wrong
from flows.run.meant_ends import failed
from flows.run.run_names import run_name
from flows.run.setup import prepare, source_of
from flows.run.under_way import record, this_run
from tasks.errors import Misconfigured
from tasks.ingest.openings import opening_for
from tasks.ingest.shares import record_source
from tasks.ledger.claims import waiting_in
from tasks.ledger.clocks import ledger_time
from tasks.ledger.effect_counts import count_effects_of
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import count_outcomes
from tasks.mailbox.sources import open_source
from tasks.providers.catalogue.sheets import ProviderChoice
from tasks.report.summary import count_words
from tasks.report.table import NOT_DONE
from tasks.settings import Settings, read_settings
from tasks.settings.parameters import OptionalUsd, described_by_settings, tells_bounds

SHARE = "process-share/process-share"
_ROUNDS = 3
_LOOK_EVERY_S = 2.0


@flow(name="process-large", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@described_by_settings
@tells_bounds
def process_large(
    source: str = "",
    workers: Annotated[int, Field(ge=1, le=100)] = 3,
    provider: ProviderChoice = "configured",
    target_language: str = "",
    budget_usd: OptionalUsd = None,
    dry_run: bool | None = None,
) -> State[Any]:
    """Process a big source with several runs at the same time, on all workers of the work pool.

    The workers must share a ledger. On more than one machine that must be PostgreSQL.

    Args:
        source: Where the mail is. Only this run reads it. If empty, MAILROOM_SOURCE is used.
        workers: How many runs share the mails.
        budget_usd: The most US dollars that all of the runs may cost together. The next run processes what is left. If
            None, MAILROOM_BUDGET_USD is used; if that is not set, there is no limit.
    """
    settings = read_settings(
        source=source, provider=provider, target_language=target_language, budget_usd=budget_usd, dry_run=dry_run
    )
    prepared = prepare(settings, reads_source=True)
    name, mails = recorded(settings)
    record(this_run(settings, prepared.categories), name)
    given = {"provider": provider, "target_language": target_language, "budget_usd": budget_usd, "dry_run": dry_run}
    runs = share_out(name, workers, settings, {key: value for key, value in given.items() if value is not None})
    return _concluded(mails, runs, name, settings)


def recorded(settings: Settings) -> tuple[str, int]:
    """Record all mails of the source; return its name and the number of mails."""
    engine = open_ledger(settings.ledger)
    source = open_source(source_of(settings), opening_for(engine, settings))
    return source.name, record_source(source, engine, settings)


def share_out(name: str, workers: int, settings: Settings, given: dict[str, Any]) -> list[str]:
    """Start the runs, wait for them, and return their ids. More runs are started for mails that dead ones left."""
    engine = open_ledger(settings.ledger)
    runs: list[str] = []
    until = ledger_time(engine)
    for _ in range(_ROUNDS):
        left = waiting_in(engine, name, until=until)
        if not left:
            break
        parameters = {"source_name": name, "until": until, "part_of": str(flow_run.id), **given}
        started = [_start(parameters, f"{flow_run.id}-{len(runs) + n}") for n in range(min(workers, left))]
        _wait(started)
        runs += started
    return runs


def _start(parameters: dict[str, Any], idempotency_key: str) -> str:
    try:
        run: Any = run_deployment(SHARE, parameters=parameters, timeout=0, idempotency_key=idempotency_key)
    except ValueError as error:
        raise Misconfigured(f"There is no deployment `{SHARE}`; register it with `prefect deploy --all`.") from error
    return str(run.id)


def _wait(runs: list[str]) -> None:
    with get_client(sync_client=True) as client:
        left = set(runs)
        while left:
            time.sleep(_LOOK_EVERY_S)
            states = {run: client.read_flow_run(UUID(run)).state for run in left}
            left = {run for run, state in states.items() if state is None or not state.is_final()}


def _concluded(mails: int, runs: list[str], name: str, settings: Settings) -> State[Any]:
    engine = open_ledger(settings.ledger)
    counts = count_outcomes(engine, runs)
    left = waiting_in(engine, name, until=ledger_time(engine))
    said = ", ".join(f"{count} {status.lower()}" for status, count in sorted(counts.items())) or "nothing new"
    effects = count_effects_of(engine, runs)
    message = f"{mails} mails in {len(runs)} runs: {said}" + (f"; effects: {count_words(effects)}" if effects else "")
    if left:
        return failed("PartlyDone", f"{message}. {left} mails are left for the next run.")
    if not NOT_DONE.isdisjoint(effects):
        return Completed(name=EFFECTS_NOT_DONE, message=message)
    return Completed(message=message)
