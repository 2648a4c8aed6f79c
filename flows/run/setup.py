"""What a run of `process-mail` needs, checked before any work: settings, keys, rules, the source, the ledger."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture, wait
from prefect.runtime import deployment, flow_run
from sqlalchemy import Engine

from flows.run.estimate import estimate_run
from tasks.act.destinations import read_destinations
from tasks.act.plan import check_destinations
from tasks.decide.operator_rules import read_rules
from tasks.decide.rules import RuleBook
from tasks.errors import SourceError
from tasks.ingest.failed import FailedMails
from tasks.ingest.openings import opening_for
from tasks.ingest.read_messages import Reader
from tasks.ingest.shares import ShareReader
from tasks.ingest.windows import MessageReader, Window
from tasks.ledger.claims import leases_kept
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import failed_keys
from tasks.ledger.owners import owner_name
from tasks.ledger.runs import record_run
from tasks.mailbox.kinds import Source
from tasks.mailbox.sources import open_source
from tasks.report.files import OutcomeFiles
from tasks.report.progress import Progress
from tasks.report.summary import Summary
from tasks.runs import Run
from tasks.settings import Settings
from tasks.understand.connect import check_models
from tasks.understand.operator_limits import with_operator_limits

log = logging.getLogger("mailroom.report")

# Python's own 700 make it look 400 times in a run of 1,000 mails, through what calls under way hold and soon let go.
_OBJECTS_BETWEEN_LOOKS = 10_000

# Where a worker keeps its things is its own matter, and the URL may hold a password.
_OF_THE_PLACE = {"ledger_url", "data_dir", "output_dir"}


@dataclass(kw_only=True)
class Opened:
    """A run under way."""

    run: Run
    source: str
    rules: RuleBook
    reader: Reader
    files: OutcomeFiles
    progress: Progress
    estimate: str = ""
    summary: Summary = field(default_factory=Summary)
    met: int = 0
    """How many mails the source gave so far."""
    asked: list[PrefectFuture[Any]] = field(default_factory=list)
    """Chunks that the models are being asked about."""

    @property
    def folder(self) -> Path:
        """Where the outcome files are written."""
        return self.files.folder

    def foresee(self, window: Window) -> None:
        """Say what the run will cost, once, by its first window."""
        if not self.estimate:
            found = estimate_run(window, self.progress.total, self.run)
            self.estimate = found.sentence()
            log.info("Estimated: %s.", self.estimate)

    def note(self, window: Window, outcomes: list[dict[str, Any]], readings: Any) -> None:
        """Count the window's outcomes in and write them into the files."""
        self.files.add(outcomes)
        self.summary.add(outcomes, curable=int(readings["curable"].sum()))
        self.progress.advance(len(window.skipped))


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """The run, with its claims kept while the block lasts; what is not settled then is given back.

    Raises:
        Misconfigured: Something is missing or wrong; it is named, and nothing was processed.
    """
    rules, engine = _checked(settings)
    mails = open_source(source_of(settings), opening_for(engine, settings))
    with _under_way(_reading(mails, settings, failed=False), mails.name, mails.count(), settings, rules) as job:
        yield job


@contextmanager
def opened_failed(error_types: Sequence[str], settings: Settings) -> Iterator[Opened]:
    """As `opened`, over the mails of the ledger that failed; only of these error types where some are named."""
    rules, engine = _checked(settings)
    mails = FailedMails(engine=engine, keys=failed_keys(engine, error_types))
    with _under_way(_reading(mails, settings, failed=True), mails.name, mails.count(), settings, rules) as job:
        yield job


@contextmanager
def opened_answered(origin: str, keys: Sequence[str], settings: Settings) -> Iterator[Opened]:
    """As `opened`, over mails that the run `origin` parked and whose answers have come."""
    rules, engine = _checked(settings)
    mails = FailedMails(engine=engine, keys=keys, name="ledger:answered")
    reading = _reading(mails, settings, failed=True)
    with _under_way(reading, mails.name, mails.count(), settings, rules, origin) as job:
        yield job


@contextmanager
def opened_share(source_name: str, until: float, part_of: str, settings: Settings) -> Iterator[Opened]:
    """As `opened`, over shares of a source that the run `part_of` has recorded by `until`, the ledger's time."""
    rules, engine = _checked(settings)

    def reader(owner: str) -> Reader:
        return ShareReader(source_name, engine, until=until, owner=owner, settings=settings)

    with _under_way(reader, source_name, None, settings, rules, part_of) as job:
        yield job


def _checked(settings: Settings) -> tuple[RuleBook, Engine]:
    rules = read_rules(settings.rules_file)
    check_destinations(
        ((one.entry.name, action) for one in rules.rules for action in one.entry.then), read_destinations()
    )
    check_models(settings)
    return rules, open_ledger(settings.ledger)


def _reading(mails: Source, settings: Settings, *, failed: bool) -> Callable[[str], Reader]:
    engine = open_ledger(settings.ledger)
    return lambda owner: MessageReader(mails, engine, owner=owner, settings=settings, failed=failed)


@contextmanager
def _under_way(
    reading: Callable[[str], Reader], source: str, mails: int | None, settings: Settings, rules: RuleBook,
    origin: str = "",
) -> Iterator[Opened]:  # fmt: skip
    settings = with_operator_limits(settings)
    run = Run(id=str(flow_run.id or uuid4()), settings=settings, origin=origin)
    write_down(run, source)
    owner = owner_name(run.id)
    reader = reading(owner)
    folder = settings.output_dir / (flow_run.name or run.id)
    kept = leases_kept(open_ledger(settings.ledger), owner, settings.lease_s)
    # What is loaded by now stays. Python would look through all of it, a million objects, several times a thousand mails:
    # an eighth of a run's CPU, with all threads waiting.
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    with kept, OutcomeFiles(folder.absolute(), int(settings.output_mode, 8)) as files:
        job = Opened(run=run, source=source, rules=rules, reader=reader, files=files, progress=Progress(mails))
        try:
            yield job
        except Exception:
            wait(job.asked)  # who takes these mails over finds their answers, and does not pay for them again
            raise
        finally:
            reader.close()


def write_down(run: Run, source: str) -> None:
    """Put the run on record, with the settings that another one would go on with."""
    flow = flow_run.flow_name or "process-mail"
    context = FlowRunContext.get()
    # Prefect would ask its server for the deployment of a run that has none.
    deployed = context is not None and context.flow_run is not None and context.flow_run.deployment_id is not None
    name = f"{flow}/{deployment.name}" if deployed else ""
    record_run(
        open_ledger(run.settings.ledger), run.id, flow=flow, deployment=name, source=source, mode=run.settings.mode,
        settings=run.settings.model_dump(mode="json", exclude=_OF_THE_PLACE),
    )  # fmt: skip


def source_of(settings: Settings) -> str:
    """The source that the run was told, or the operator's usual one.

    Raises:
        SourceError: There is neither.
    """
    if not settings.source:
        raise SourceError("No source is named: give one, or set `MAILROOM_SOURCE`.")
    return settings.source
