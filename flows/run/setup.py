"""How a run begins: all that it needs is checked once, then its mails are claimed while the run is under way."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from pandera.typing import DataFrame
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.runtime import deployment, flow_run
from sqlalchemy import Engine

from flows.run.estimate import estimate_run
from flows.run.first_lines import first_lines, warn_of_idle_rules
from flows.run.run_names import folder_name
from flows.run.stopping import ends_in_order
from tasks.act.destinations import Destinations, destinations_for
from tasks.act.plan import check_destinations
from tasks.categories import Categories
from tasks.decide.operator_rules import read_rules
from tasks.decide.rules import RuleBook
from tasks.errors import SourceError, SourceUnavailable
from tasks.faults import Faults
from tasks.frames import Readings, records
from tasks.ingest.failed import FailedMails
from tasks.ingest.openings import opening_for
from tasks.ingest.read_messages import WindowReader
from tasks.ingest.shares import ShareReader
from tasks.ingest.windows import MessageReader, Window
from tasks.ledger.claims import leases_kept
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import failed_keys
from tasks.ledger.owners import owner_name
from tasks.ledger.runs import record_run
from tasks.mailbox.kinds import Pause, Source
from tasks.mailbox.sources import open_source
from tasks.report.files import OutcomeFiles
from tasks.report.progress import Progress
from tasks.report.summary import Summary
from tasks.runs import Run
from tasks.settings import Settings
from tasks.stops import stop_of
from tasks.understand.connect import check_models
from tasks.understand.mail_budget import say_what_is_short
from tasks.understand.operator_categories import read_categories
from tasks.understand.operator_limits import with_operator_limits
from tasks.understand.servers import fitted_to_servers

log = logging.getLogger("mailroom.report")

# Python's default of 700 starts 400 collections in a run of 1,000 mails, over objects that running calls soon release.
_OBJECTS_BETWEEN_COLLECTIONS = 10_000

# Each worker has its own folders, and the URL may hold a password.
_OF_THE_WORKER = {"ledger_url", "data_dir", "output_dir"}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a run needs, each part read and checked once."""

    settings: Settings
    rules: RuleBook
    destinations: Destinations
    categories: Categories
    engine: Engine
    """The ledger."""


def prepare(settings: Settings, categories: Categories | None = None, *, reads_source: bool = False) -> Prepared:
    """Read and check categories and rules, the destinations that they name, models and ledger; nothing is processed.

    A run that goes on with another's mails is given that one's `categories`; else the operator's are taken. With
    `reads_source`, the source that the settings name is looked at even if something else is wrong, so that all
    faults are told at once.

    Raises:
        Misconfigured: Something is missing or wrong; the message names all of it.
    """
    faults = Faults()
    current = faults.of(read_categories)
    known = None if current is None else [*current.names, *(categories.names if categories else ())]
    rules = faults.of(lambda: read_rules(settings.rules_file, settings.condition_ms, known))
    destinations = faults.of(lambda: destinations_for(settings.source or ""))
    if rules is not None and destinations is not None:
        named = [(one.entry.name, action) for one in rules.rules for action in one.entry.then]
        faults.of(lambda: check_destinations(named, destinations))
    faults.of(lambda: check_models(settings))
    engine = faults.of(lambda: open_ledger(settings.ledger))
    if faults.found and reads_source:
        faults.of(lambda: _look_at_source(engine, settings))
    faults.tell()
    assert current is not None
    assert rules is not None
    assert destinations is not None
    assert engine is not None
    settings = fitted_to_servers(settings)
    return Prepared(
        settings=settings, rules=rules, destinations=destinations, categories=categories or current, engine=engine
    )


def _look_at_source(engine: Engine | None, settings: Settings) -> None:
    name = source_of(settings)
    if engine:
        with suppress(SourceUnavailable):  # it may come right by itself, and the other faults do not
            open_source(name, opening_for(engine, settings, _pause()))


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Where a run takes its mails from."""

    source: str
    """The source's name, as the ledger keeps it."""
    mails: int | None
    """How many there are; null where that is not known beforehand."""
    reader: Callable[[str], WindowReader]
    """Makes the reader for the owner of the claims."""
    origin: str = ""
    """The run that this one continues or is a part of; empty where it stands alone."""


def mails_of_source(prepared: Prepared) -> Supply:
    """The mails of the source that the settings name.

    Raises:
        SourceError: No source is named, or it cannot be opened.
        SourceUnavailable: The source refuses for now.
    """
    opening = opening_for(prepared.engine, prepared.settings, _pause())
    return _supply(open_source(source_of(prepared.settings), opening), prepared)


def _pause() -> Pause:
    """Waits on this run's behalf, and no longer than until the run is to end."""
    stop = stop_of(str(flow_run.id))

    def pause(seconds: float) -> None:
        stop.wait(seconds)
        stop.check()

    return pause


def mails_that_failed(prepared: Prepared, error_types: Sequence[str]) -> Supply:
    """The mails of the ledger that failed; where error types are given, only those that failed with one of them."""
    keys = failed_keys(prepared.engine, error_types)
    return _supply(FailedMails(engine=prepared.engine, keys=keys), prepared, failed=True)


def mails_answered(prepared: Prepared, origin: str, keys: Sequence[str]) -> Supply:
    """Mails that the run `origin` left waiting for a batch, and whose answers have come."""
    mails = FailedMails(engine=prepared.engine, keys=keys, name="ledger:answered")
    return _supply(mails, prepared, failed=True, origin=origin)


def share_of(prepared: Prepared, source: str, until: float, part_of: str) -> Supply:
    """A share of a source that the run `part_of` has recorded; `until` is in UTC seconds of the ledger's clock."""

    def reader(owner: str) -> WindowReader:
        return ShareReader(source, prepared.engine, until=until, owner=owner, settings=prepared.settings)

    return Supply(source=source, mails=None, reader=reader, origin=part_of)


def _supply(mails: Source, prepared: Prepared, *, failed: bool = False, origin: str = "") -> Supply:
    def reader(owner: str) -> WindowReader:
        return MessageReader(mails, prepared.engine, owner=owner, settings=prepared.settings, failed=failed)

    return Supply(source=mails.name, mails=mails.count(), reader=reader, origin=origin)


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
    """Mails whose questions were handed out so far."""
    pending: list[PrefectFuture[DataFrame[Readings]]] = field(default_factory=list)
    """Chunks whose readings are still to come."""

    @property
    def folder(self) -> Path:
        """Where the outcome files are written."""
        return self.files.folder

    def estimate_by(self, window: Window) -> None:
        """Estimate the run's cost from its first window, once, and log it."""
        if not self.estimate:
            say_what_is_short(records(window.messages), self.run)
            found = estimate_run(window, self.progress.total, self.run)
            self.estimate = found.sentence()
            log.info("Estimated: %s.", self.estimate)

    def note(self, window: Window, outcomes: list[dict[str, Any]], readings: DataFrame[Readings]) -> None:
        """Add the window's outcomes to the summary and to the files."""
        self.files.add(outcomes)
        self.summary.add(outcomes, curable=int(readings["curable"].sum()))
        self.progress.told = f"${self.summary.cost_usd:.4f}, {self.summary.statuses['FAILED']:,} failed"
        self.progress.advance(len(window.skipped))


@contextmanager
def under_way(prepared: Prepared, supply: Supply) -> Iterator[RunUnderWay]:
    """The run; its claims are renewed while the block lasts, and mails that are not settled then are released."""
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
    with _few_collections(), claims, OutcomeFiles(folder.absolute()) as files:
        job = RunUnderWay(
            run=run, source=supply.source, rules=prepared.rules, reader=reader, files=files,
            progress=Progress(supply.mails),
        )  # fmt: skip
        # The run that takes the mails over then finds their answers, and pays for none twice.
        with closing(reader), ends_in_order(run.id, job.pending):
            yield job


@contextmanager
def _few_collections() -> Iterator[None]:
    """Let Python's garbage collector leave alone what is loaded by now, and run seldom, while the block lasts.

    It would look through a million objects several times in a thousand mails, with all threads waiting: an eighth of a
    run's CPU.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def this_run(settings: Settings, categories: Categories | None = None, origin: str = "") -> Run:
    """The run of the flow that calls, under its flow run's id; one that sorts no mail needs no categories."""
    sorted_into = {} if categories is None else {"categories": categories}
    return Run(id=str(flow_run.id or uuid4()), settings=settings, origin=origin, **sorted_into)


def record(run: Run, source: str) -> None:
    """Write the run into the ledger, with the settings and categories that a later run needs to continue it."""
    flow = flow_run.flow_name or "process-mail"
    # Prefect would ask its server for the deployment of a run that has none.
    name = f"{flow}/{deployment.name}" if is_deployed() else ""
    record_run(
        open_ledger(run.settings.ledger), run.id, flow=flow, deployment=name, source=source, mode=run.settings.mode,
        settings=run.settings.model_dump(mode="json", exclude=_OF_THE_WORKER),
        categories=run.categories.as_json(),
    )  # fmt: skip


def is_deployed() -> bool:
    """Whether the flow run that calls was started from a deployment, and so by a worker."""
    context = FlowRunContext.get()
    return context is not None and context.flow_run is not None and context.flow_run.deployment_id is not None


def source_of(settings: Settings) -> str:
    """The source that the run was given, or the operator's usual one.

    Raises:
        SourceError: There is neither.
    """
    if not settings.source:
        raise SourceError("No source is named: give one, or set `MAILROOM_SOURCE`.")
    return settings.source
