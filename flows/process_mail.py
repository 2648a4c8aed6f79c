"""The main job: reads mail and gives one outcome row for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from pandera.typing import DataFrame
from prefect import flow, unmapped
from prefect.client.schemas.objects import State
from prefect.utilities.annotations import quote

from flows.run.final_state import concluded, says_what_is_wrong
from flows.run.read_ahead import read_ahead, understood
from flows.run.run_names import run_name
from flows.run.setup import mails_of_source, prepare
from flows.run.task_runners import task_runner
from flows.run.under_way import RunUnderWay, under_way
from tasks.act.apply_actions import apply_actions, as_they_stand, lost_effects, mark_known_mails, split_acting
from tasks.chunks import collect
from tasks.decide.category_marks import marks_of
from tasks.decide.choose_actions import choose_actions
from tasks.frames import Decisions, Effects, Readings
from tasks.ingest.read_messages import read_windows
from tasks.ingest.windows import Window
from tasks.presort.mailbox_corrections import notice_corrections
from tasks.providers.catalogue.sheets import ProviderChoice
from tasks.report.publish_summary import publish_summary
from tasks.report.settle_outcomes import settle_outcomes
from tasks.settings import ModeChoice, read_settings
from tasks.settings.parameters import (
    OptionalChunkRows,
    OptionalConcurrency,
    OptionalUsd,
    described_by_settings,
)
from tasks.understand.economy import send_batches
from tasks.understand.second_reader import read_again


@flow(name="process-mail", flow_run_name=run_name, task_runner=task_runner(), persist_result=False)
@says_what_is_wrong
@described_by_settings
def process_mail(
    source: str = "",
    provider: ProviderChoice = "configured",
    triage_model: str = "",
    analysis_model: str = "",
    target_language: str = "",
    chunk_rows: OptionalChunkRows = None,
    concurrency: OptionalConcurrency = None,
    budget_usd: OptionalUsd = None,
    mode: ModeChoice = "configured",
    output_dir: str = "",
    dry_run: bool | None = None,
    again: bool = False,
    refresh: bool = False,
) -> State[Any]:
    """Read mail, understand it, decide what to do, do it, and report the outcome of each mail.

    A parameter that is empty, `configured` or None is taken from the worker's environment (`MAILROOM_…`).
    """
    settings = read_settings(
        source=source, provider=provider, triage_model=triage_model, analysis_model=analysis_model,
        target_language=target_language, chunk_rows=chunk_rows, concurrency=concurrency, budget_usd=budget_usd,
        mode=mode, output_dir=output_dir, dry_run=dry_run, again=again or None, refresh=refresh or None,
    )  # fmt: skip
    prepared = prepare(settings, reads_source=True)
    with under_way(prepared, mails_of_source(prepared)) as job:
        if job.source.startswith("imap:"):
            notice_corrections(job.source, marks_of(job.rules), job.run)
        return handle_messages(read_windows(job.reader), job)


def handle_messages(windows: Iterable[Window], job: RunUnderWay) -> State[Any]:
    """All stages after reading, window by window. Other flows call it with mails from the ledger."""
    for window, pending in read_ahead(windows, job):
        readings = understood(pending, job)

        decisions = choose_actions(window.messages, readings, job.rules)

        effects = acted(window, readings, decisions, job)

        outcomes = settle_outcomes(window.messages, window.skipped, readings, decisions, effects, job.run)

        job.note(window, outcomes.rows, readings)

    if job.run.settings.mode == "economy":
        send_batches(job.run)

    job.progress.finish()
    # `quote` keeps Prefect from searching every value of every outcome for futures, three times.
    publish_summary(quote(job.summary), job.run.categories, job.source, job.folder, job.estimate)  # type: ignore[call-overload]  # unquoted
    return concluded(job.summary)


def acted(
    window: Window, readings: DataFrame[Readings], decisions: DataFrame[Decisions], job: RunUnderWay
) -> DataFrame[Effects]:
    """The window's effects. Mails with actions are split into chunks, and each chunk is a mapped task run."""
    chunks = split_acting(window.messages, readings, decisions, job.run.settings.chunk_rows)
    futures = apply_actions.map(*chunks, run=unmapped(job.run), second_reader=unmapped(read_again))
    answers = (future.result(raise_on_failure=False) for future in futures)
    effects = as_they_stand(collect(answers, chunks[0], Effects.of([]), lost_effects), job.run.settings.ledger)
    if not (job.source.startswith("imap:") and window.skipped["repeats"].any()):
        return effects
    elsewhere = mark_known_mails(window.messages, window.skipped, job.run)
    return pd.concat([effects, elsewhere], ignore_index=True) if len(elsewhere) else effects
