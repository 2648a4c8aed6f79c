"""A run under way: it is recorded, its claims are renewed, and its outcomes are collected."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from pandera.typing import DataFrame
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.runtime import deployment, flow_run

from flows.run.estimate import estimate_run
from flows.run.first_lines import first_lines, warn_of_idle_rules
from flows.run.garbage import few_collections
from flows.run.run_names import folder_name
from flows.run.setup import Prepared, Supply
from flows.run.stopping import ends_in_order
from tasks.categories import Categories
from tasks.decide.rules import RuleBook
from tasks.frames import Readings, records
from tasks.ingest.read_messages import WindowReader
from tasks.ingest.windows import Window
from tasks.ledger.claims import leases_kept
from tasks.ledger.engine import open_ledger
from tasks.ledger.owners import owner_name
from tasks.ledger.runs import record_run
from tasks.report.files import OutcomeFiles
from tasks.report.progress import Progress
from tasks.report.summary import Summary
from tasks.runs import Run
from tasks.settings import Settings
from tasks.stops import stop_of
from tasks.understand.mail_budget import say_what_is_short
from tasks.understand.operator_limits import with_operator_limits

log = logging.getLogger("mailroom.report")

# Not recorded with a run: each worker has its own folders, and the URL may contain a password.
_OF_THE_WORKER = {"ledger_url", "data_dir", "output_dir"}


@dataclass(kw_only=True)
class RunUnderWay:
    """A run between its first window and its last."""

    run: Run
    source: str
    rules: RuleBook
    reader: WindowReader
    files: OutcomeFiles
    progress: Progress
    estimate: str = ""
    summary: Summary = field(default_factory=Summary)
    mails_asked: int = 0
    """Mails that were given to the models so far."""
    pending: list[PrefectFuture[DataFrame[Readings]]] = field(default_factory=list)
    """Chunks that are not finished."""

    @property
    def folder(self) -> Path:
        """Where the outcome files are written."""
        return self.files.folder

    def estimate_by(self, window: Window) -> None:
        """Estimate the run's cost from its first window and log it. Later calls do nothing."""
        if not self.estimate:
            say_what_is_short(records(window.messages), self.run)
            self.estimate = estimate_run(window, self.progress.total, self.run).sentence()
            log.info("Estimated: %s.", self.estimate)

    def note(self, window: Window, outcomes: list[dict[str, Any]], readings: DataFrame[Readings]) -> None:
        """Add the window's outcomes to the summary and to the files."""
        self.files.add(outcomes)
        self.summary.add(outcomes, curable=int(readings["curable"].sum()))
        self.progress.told = f"${self.summary.cost_usd:.4f}, {self.summary.statuses['FAILED']:,} failed"
        self.progress.advance(len(window.skipped))


@contextmanager
def under_way(prepared: Prepared, supply: Supply) -> Iterator[RunUnderWay]:
    """Begin the run. Its claims are renewed while the block lasts; mails not settled at its end are released."""
    settings = with_operator_limits(prepared.settings)
    run = this_run(settings, prepared.categories, supply.origin)
    record(run, supply.source)
    log.info("%s", first_lines(supply.source, settings, prepared.rules, prepared.categories))
    warn_of_idle_rules(prepared.rules, prepared.categories)
    owner = owner_name(run.id)
    reader = supply.reader(owner)
    folder = settings.output_dir / folder_name(flow_run.name or "", run.id)
    stop = stop_of(run.id)
    claims = leases_kept(
        prepared.engine, owner, settings.lease_s, on_lost=lambda: stop.set("its claims on the mails were lost")
    )
    with few_collections(), claims, OutcomeFiles(folder.absolute()) as files:
        job = RunUnderWay(
            run=run, source=supply.source, rules=prepared.rules, reader=reader, files=files,
            progress=Progress(supply.mails),
        )  # fmt: skip
        # Calls in flight are recorded before the claims end, so that the next run finds these answers.
        with closing(reader), ends_in_order(run, job.pending):
            yield job


def this_run(settings: Settings, categories: Categories | None = None, origin: str = "") -> Run:
    """The run of the calling flow. Its id is the flow run's. A run that sorts no mail needs no categories."""
    sorted_into = {} if categories is None else {"categories": categories}
    return Run(id=str(flow_run.id or uuid4()), settings=settings, origin=origin, **sorted_into)


def record(run: Run, source: str) -> None:
    """Record the run in the ledger, with the settings and categories that a later run needs to continue it."""
    flow = flow_run.flow_name or "process-mail"
    # `deployment.name` asks Prefect's server even if the run has no deployment.
    name = f"{flow}/{deployment.name}" if is_deployed() else ""
    record_run(
        open_ledger(run.settings.ledger), run.id, flow=flow, deployment=name, source=source, mode=run.settings.mode,
        settings=run.settings.model_dump(mode="json", exclude=_OF_THE_WORKER),
        categories=run.categories.as_json(),
    )  # fmt: skip


def is_deployed() -> bool:
    """Whether the calling flow run was started from a deployment, and so by a worker."""
    context = FlowRunContext.get()
    return context is not None and context.flow_run is not None and context.flow_run.deployment_id is not None
