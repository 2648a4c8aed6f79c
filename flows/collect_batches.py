"""Collects the answers of finished batches and continues with the mails that waited for them."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.process_mail import handle_messages
from flows.run.final_state import EFFECTS_NOT_DONE, says_what_is_wrong
from flows.run.meant_ends import failed
from flows.run.run_names import run_name
from flows.run.setup import mails_answered, prepare
from flows.run.task_runners import task_runner
from flows.run.under_way import this_run, under_way
from tasks.errors import Misconfigured
from tasks.ingest.read_messages import read_windows
from tasks.ledger.batch_queue import answered_mails
from tasks.ledger.engine import open_ledger
from tasks.ledger.runs import read_run_categories, read_run_settings
from tasks.settings import Settings, read_settings
from tasks.understand.economy import collect_answers


@flow(name="collect-batches", flow_run_name=run_name, task_runner=task_runner(), persist_result=False)
@says_what_is_wrong
def collect_batches() -> State[Any]:
    """Collect the answers of finished batches, and continue with their mails under the settings of their runs.

    Mails whose next question needs another batch wait again. Nothing is sent twice. This runs by schedule, and does
    nothing where no batch is open.
    """
    settings = read_settings(mode="economy")
    tally = collect_answers(this_run(settings))
    troubles, said, states = list(tally.troubles), [tally.sentence()], []
    engine = open_ledger(settings.ledger)
    for origin, keys in answered_mails(engine).items():
        try:
            # Another list of categories would be another question, which would have to be paid for again.
            prepared = prepare(_settings_of(origin, settings), read_run_categories(engine, origin))
        except Misconfigured as error:  # the fault may be in the settings of this one run only
            troubles.append(f"{len(keys)} mails of the run {origin[:8]} wait: {error.told}")
            continue
        with under_way(prepared, mails_answered(prepared, origin, keys)) as job:
            states.append(handle_messages(read_windows(job.reader), job))
        said.append(job.summary.sentence())
    said += troubles
    if troubles or any(state.is_failed() for state in states):
        return failed("BatchesFailed", "; ".join(said))
    if any(state.name == EFFECTS_NOT_DONE for state in states):
        return Completed(name=EFFECTS_NOT_DONE, message="; ".join(said))
    return Completed(message="; ".join(said))


def _settings_of(origin: str, settings: Settings) -> Settings:
    """The settings of the run that left the mails waiting, without `again` and `refresh`, which applied to it only."""
    kept = read_run_settings(open_ledger(settings.ledger), origin)
    return read_settings(**kept | {"mode": "economy", "refresh": False, "again": False})
