"""The candidates of an evaluation: each is a run of its own over the same labelled mails."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pandera.typing import DataFrame
from prefect import unmapped
from prefect.futures import PrefectFuture

from flows.run.estimate import estimate_mails
from flows.run.stopping import ends_in_order
from flows.run.under_way import record, this_run
from tasks import policies
from tasks.chunks import collect, split_rows
from tasks.errors import Misconfigured, SourceError
from tasks.frames import ANALYSES, Messages, Readings, records
from tasks.ingest.openings import opening_for
from tasks.ingest.rows import parse
from tasks.ledger.costs import spending
from tasks.ledger.engine import open_ledger
from tasks.mailbox.sources import open_source
from tasks.runs import Run
from tasks.score.answers import answers_of
from tasks.score.labels import MailLabel, check_categories, read_labels
from tasks.score.measures import figures
from tasks.score.scorecard import Scored
from tasks.settings import Settings
from tasks.stops import stop_of
from tasks.understand.connect import check_models, models_for
from tasks.understand.operator_categories import read_categories
from tasks.understand.operator_limits import with_operator_limits
from tasks.understand.understand_messages import chunk_names, lost_chunk, question_of, understand_messages

log = logging.getLogger("mailroom.report")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The labelled mails that all candidates are asked about, one label a row of `messages`."""

    run: Run
    messages: DataFrame[Messages]
    labels: Sequence[MailLabel]


def read_trial(table: Path, mails: str, settings: Settings) -> Trial:
    """The mails of the source that the table has a label for; one that cannot be read is left out, with a warning.

    Raises:
        SourceError: The table or the source cannot be used, or no mail has a label.
    """
    labels = read_labels(table)
    run = this_run(settings, read_categories())
    check_categories(labels.values(), run.categories.names)
    found: dict[str, tuple[dict[str, Any], MailLabel]] = {}
    unread = 0
    for raw in open_source(mails, opening_for(open_ledger(settings.ledger), settings)).read():
        label = labels.get(raw.source_id)
        if label is None or raw.foreign:
            continue
        row = parse(raw, settings).row
        unread += bool(row["unreadable"])
        if not row["unreadable"]:
            found.setdefault(row["message_key"], (row, label))
    if not found:
        raise SourceError(f"No mail of `{mails}` has an id that `{table}` has a label for.")
    if len(found) < len(labels):
        log.warning("%d of %d labelled mails are judged; %d cannot be read.", len(found), len(labels), unread)
    rows, known = zip(*found.values(), strict=True)
    return Trial(run=run, messages=Messages.of(list(rows)), labels=known)


def candidates_of(settings: Settings, against: str) -> list[Settings]:
    """The settings of each candidate; the second is named `PROVIDER[/TRIAGE_MODEL[/ANALYSIS_MODEL]]`, or not at all.

    Raises:
        Misconfigured: There is no such provider, or it lacks its key.
    """
    found = [settings, _rival_of(settings, against)] if against else [settings]
    for one in found:
        check_models(one)
    return found


def _rival_of(settings: Settings, named: str) -> Settings:
    provider, *models = named.split("/")
    if len(models) > 2 or not provider:
        raise Misconfigured(f"`{named}` is no candidate; write PROVIDER, or PROVIDER/TRIAGE_MODEL/ANALYSIS_MODEL.")
    triage, analysis = (*models, *models[-1:], "", "")[:2]
    chosen = {"provider": provider, "triage_model": triage, "analysis_model": analysis}
    return Settings.read(**{**settings.model_dump(), **chosen})


def ask_candidate(trial: Trial, settings: Settings, number: int, *, analyses: bool) -> Scored:
    """What a candidate answers, beside the labels; what it is expected to cost is logged first."""
    own_id = f"{trial.run.id}-{number + 1}" if number else trial.run.id
    run = replace(trial.run, id=own_id, settings=with_operator_limits(settings))
    record(run, "evaluation")
    name = name_of(settings)
    log.info("%s: estimated %s.", name, estimate_mails(records(trial.messages), run).sentence())
    readings = _read(trial, run, frozenset(ANALYSES) if analyses else frozenset())
    rows = records(readings)
    keys = [row["message_key"] for row in rows]
    spent = spending(open_ledger(settings.ledger), run.id, keys)
    usd = [None if spent[key].cost_usd is None else float(spent[key].cost_usd or 0) for key in keys]
    answers = answers_of(trial.labels, rows, usd, trial.run.categories.names)
    return Scored(name=name, answers=answers, figures=figures(answers), simulated=any(row["simulated"] for row in rows))


def name_of(settings: Settings) -> str:
    """A candidate by its provider and the models it is asked through."""
    models = models_for(settings)
    asked = dict.fromkeys(link.model for link in sorted(models.links(), key=str) if link.provider == settings.provider)
    named = dict.fromkeys(filter(None, (settings.triage_model, settings.analysis_model)))
    return f"{settings.provider}: {', '.join(named or asked)}"


def _read(trial: Trial, run: Run, wanted: frozenset[str]) -> DataFrame[Readings]:
    chunks = split_rows(trial.messages, run.settings.chunk_rows)
    pending: list[PrefectFuture[DataFrame[Readings]]] = []
    with ends_in_order(run.id, pending):
        pending += understand_messages.with_options(**policies.ask_model(run)).map(
            chunks, part=chunk_names(chunks, 0), run=unmapped(run),
            worth=unmapped(partial(_always, wanted)), question=unmapped(question_of(run, repr(sorted(wanted)))),
        )  # fmt: skip
        readings = collect(_results(pending), chunks, Readings.of([]), lost_chunk)
        stop_of(run.id).check()
    return readings


def _always(wanted: frozenset[str], _mail: Mapping[str, Any]) -> frozenset[str]:
    return wanted


def _results(pending: Sequence[PrefectFuture[Any]]) -> Iterator[Any]:
    return (future.result(raise_on_failure=False) for future in pending)
