"""Processes failed mails again, from the bytes that the ledger keeps."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import WithJsonSchema

from flows.process_mail import handle_messages
from flows.run.final_state import says_what_is_wrong
from flows.run.run_names import run_name
from flows.run.setup import mails_that_failed, prepare
from flows.run.task_runners import task_runner
from flows.run.under_way import under_way
from tasks.errors import ERROR_CODES, Misconfigured
from tasks.ingest.read_messages import read_windows
from tasks.providers.catalogue.sheets import ProviderChoice
from tasks.settings import read_settings
from tasks.settings.parameters import described_by_settings

# A list to choose from in the form.
ErrorType = Annotated[str, WithJsonSchema({"type": "string", "enum": [*ERROR_CODES]})]


@flow(name="retry-failed", flow_run_name=run_name, task_runner=task_runner(), persist_result=False)
@says_what_is_wrong
@described_by_settings
def retry_failed(
    error_types: tuple[ErrorType, ...] = (), provider: ProviderChoice = "configured", dry_run: bool | None = None
) -> State[Any]:
    """Process failed mails again. Answers on record are not paid for again. Ambiguous effects are left to people.

    Args:
        error_types: Only mails that failed with one of these; if empty, all.
    """
    unknown = sorted(set(error_types) - set(ERROR_CODES))
    if unknown:
        raise Misconfigured(f"There is no error type {', '.join(unknown)}; there are {', '.join(ERROR_CODES)}.")
    prepared = prepare(read_settings(provider=provider, dry_run=dry_run))
    with under_way(prepared, mails_that_failed(prepared, error_types)) as job:
        return handle_messages(read_windows(job.reader), job)
