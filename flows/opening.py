"""What a run of `process-mail` needs, checked before any work: settings, keys, rules, the source, the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from prefect.runtime import flow_run

from tasks.decide.rules import RuleBook, load_rules
from tasks.errors import SourceError
from tasks.ingest.openings import opening_for
from tasks.ingest.windows import MessageReader, Window
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import leases_kept
from tasks.ledger.owners import owner_name
from tasks.mailbox.sources import open_source
from tasks.report.files import OutcomeFiles
from tasks.report.progress import Progress
from tasks.report.summary import Summary
from tasks.runs import Run
from tasks.settings import Settings
from tasks.understand.connect import check_models


@dataclass(kw_only=True)
class Opened:
    """A run under way."""

    run: Run
    source: str
    rules: RuleBook
    reader: MessageReader
    files: OutcomeFiles
    progress: Progress
    estimate: str = ""
    summary: Summary = field(default_factory=Summary)

    @property
    def folder(self) -> Path:
        """Where the outcome files are written."""
        return self.files.folder

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
    rules = load_rules()
    check_models(settings)
    engine = open_ledger(settings.ledger)
    mails = open_source(_source_of(settings), opening_for(engine, settings))
    run = Run(id=str(flow_run.id or uuid4()), settings=settings)
    owner = owner_name(run.id)
    reader = MessageReader(mails, engine, owner=owner, settings=settings)
    folder = settings.output_dir / (flow_run.name or run.id)
    with leases_kept(engine, owner, settings.lease_s), OutcomeFiles(folder.absolute()) as files:
        try:
            yield Opened(
                run=run, source=mails.name, rules=rules, reader=reader, files=files, progress=Progress(mails.count())
            )
        finally:
            reader.close()


def _source_of(settings: Settings) -> str:
    if not settings.source:
        raise SourceError("No source is named: give one, or set `MAILROOM_SOURCE`.")
    return settings.source
