"""One of the runs that share a big source; `process-large` starts them."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.process_mail import handle_messages
from flows.run.final_state import says_what_is_wrong
from flows.run.run_names import run_name
from flows.run.setup import prepare, share_of
from flows.run.task_runners import task_runner
from flows.run.under_way import under_way
from tasks.ingest.read_messages import read_windows
from tasks.ledger.engine import open_ledger
from tasks.ledger.runs import read_run_categories
from tasks.providers.catalogue.sheets import ProviderChoice
from tasks.settings import read_settings
from tasks.settings.parameters import OptionalUsd, described_by_settings, tells_bounds


@flow(name="process-share", flow_run_name=run_name, task_runner=task_runner(), persist_result=False)
@says_what_is_wrong
@described_by_settings
@tells_bounds
def process_share(
    source_name: str,
    until: float,
    part_of: str,
    provider: ProviderChoice = "configured",
    target_language: str = "",
    budget_usd: OptionalUsd = None,
    dry_run: bool | None = None,
) -> State[Any]:
    """Process shares of a recorded source until none is left. `process-large` starts it; do not start it by hand.

    Args:
        source_name: The source's name in the ledger.
        until: The ledger's time, in UTC seconds, at which all of the source was on record.
        part_of: The run of `process-large` that started this one. All runs that it starts share its budget.
        budget_usd: The most US dollars that all of these runs may cost together. If None, MAILROOM_BUDGET_USD is used;
            if that is not set, there is no limit.
    """
    settings = read_settings(provider=provider, target_language=target_language, budget_usd=budget_usd, dry_run=dry_run)
    prepared = prepare(settings, read_run_categories(open_ledger(settings.ledger), part_of))
    with under_way(prepared, share_of(prepared, source_name, until, part_of)) as job:
        return handle_messages(read_windows(job.reader), job)
