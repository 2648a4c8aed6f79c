"""What a run needs before it begins: everything is checked once, and the supply of mails is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from prefect.runtime import flow_run
from sqlalchemy import Engine

from tasks.act.destinations import Destinations, destinations_for
from tasks.act.plan import check_destinations
from tasks.categories import Categories
from tasks.decide.operator_rules import read_rules
from tasks.decide.rules import RuleBook
from tasks.errors import SourceError, SourceUnavailable
from tasks.faults import Faults
from tasks.ingest.failed import FailedMails
from tasks.ingest.openings import opening_for
from tasks.ingest.read_messages import WindowReader
from tasks.ingest.shares import ShareReader
from tasks.ingest.windows import MessageReader
from tasks.knowledge.index import index_of
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import failed_keys
from tasks.mailbox.kinds import Pause, Source
from tasks.mailbox.sources import open_source
from tasks.settings import Settings
from tasks.stops import stop_of
from tasks.understand.connect import check_models
from tasks.understand.operator_categories import read_categories
from tasks.understand.servers import fitted_to_servers


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
    """Read and check the categories, the rules, the destinations that they name, the models and the ledger.

    A run that continues with another's mails passes that run's `categories`; otherwise the operator's are read. With
    `reads_source`, the source in the settings is checked even if something else is wrong, so that all faults are
    reported at once.

    Raises:
        Misconfigured: Something is missing or wrong. The message names every fault.
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
    faults.of(lambda: index_of(settings.knowledge_dir) if settings.knowledge_dir else None)
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
        with suppress(SourceUnavailable):  # this may be temporary; the other faults are not
            open_source(name, opening_for(engine, settings, _pause()))


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Where a run takes its mails from."""

    source: str
    """The source's name in the ledger."""
    mails: int | None
    """How many there are; null where that is unknown in advance."""
    reader: Callable[[str], WindowReader]
    """Makes the reader; its argument is the owner of the claims."""
    origin: str = ""
    """The run that this one continues or is part of; empty where there is none."""


def mails_of_source(prepared: Prepared) -> Supply:
    """The mails of the source in the settings.

    Raises:
        SourceError: No source is named, or it cannot be opened.
        SourceUnavailable: The source is temporarily unavailable.
    """
    opening = opening_for(prepared.engine, prepared.settings, _pause())
    return _supply(open_source(source_of(prepared.settings), opening), prepared)


def _pause() -> Pause:
    """A function that waits for some seconds and raises `Stopped` as soon as this run must end."""
    stop = stop_of(str(flow_run.id))

    def pause(seconds: float) -> None:
        stop.wait(seconds)
        stop.check()

    return pause


def mails_that_failed(prepared: Prepared, error_types: Sequence[str]) -> Supply:
    """The failed mails of the ledger; where error types are given, only those that failed with one of them."""
    keys = failed_keys(prepared.engine, error_types)
    return _supply(FailedMails(engine=prepared.engine, keys=keys), prepared, failed=True)


def mails_answered(prepared: Prepared, origin: str, keys: Sequence[str]) -> Supply:
    """Mails that the run `origin` left waiting for a batch and whose answers have arrived."""
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


def source_of(settings: Settings) -> str:
    """The source in the settings: the run's parameter, or `MAILROOM_SOURCE`.

    Raises:
        SourceError: Neither is set.
    """
    if not settings.source:
        raise SourceError("No source is named: give one, or set `MAILROOM_SOURCE`.")
    return settings.source
