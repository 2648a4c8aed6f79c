"""The candidates of an evaluation: each is a run of its own over the same labelled mails."""

from __future__ import annotations

import logging
import time
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
from tasks.categories import SHIPPED_PROMPT, SortingPrompt
from tasks.chunks import collect, split_rows
from tasks.classifier.features import features_of
from tasks.classifier.labels import category_of, wants_reply
from tasks.classifier.linear_model import LinearModel
from tasks.errors import Misconfigured, SourceError
from tasks.frames import ANALYSES, Messages, Readings, records
from tasks.ingest.openings import opening_for
from tasks.ingest.rows import parse
from tasks.ledger.classifiers import BY_CLASSIFIER, KeptClassifier, list_classifiers, weights_of
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
from tasks.understand.understand import blank_reading
from tasks.understand.understand_messages import chunk_names, lost_chunk, question_of, understand_messages

log = logging.getLogger("mailroom.report")
_MOST_WORDS = 4_000


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


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Who sorts the mails: models as the settings say, asked by a prompt, or the classifier of this number."""

    settings: Settings
    prompt: SortingPrompt = SHIPPED_PROMPT
    prompt_name: str = ""
    classifier: KeptClassifier | None = None

    @property
    def name(self) -> str:
        """The candidate by its provider, the models it is asked through, and its prompt."""
        if self.classifier:
            return f"{BY_CLASSIFIER} {self.classifier.number}"
        models, settings = models_for(self.settings), self.settings
        links = sorted(models.links(), key=str)
        asked = dict.fromkeys(link.model for link in links if link.provider == settings.provider)
        named = dict.fromkeys(filter(None, (settings.triage_model, settings.analysis_model)))
        prompt = f" @ {self.prompt_name}" if self.prompt_name else ""
        return f"{settings.provider}: {', '.join(named or asked)}{prompt}"


def candidates_of(settings: Settings, prompt: str, against: str) -> list[Candidate]:
    """The candidates; the second is named `PROVIDER[/TRIAGE_MODEL[/ANALYSIS_MODEL]][@PROMPT]` or `classifier[/NUMBER]`.

    Raises:
        Misconfigured: There is no such provider, classifier or prompt, or the provider lacks its key.
    """
    first = Candidate(settings=settings, prompt=read_prompt(prompt), prompt_name=prompt)
    found = [first, _rival_of(settings, against)] if against else [first]
    for one in found:
        if not one.classifier:
            check_models(one.settings)
    return found


def read_prompt(named: str) -> SortingPrompt:
    """The prompt: the shipped one, `whole`, or one whose words stand in a file.

    Raises:
        Misconfigured: There is no such file, or it is empty or longer than 4,000 characters.
    """
    if named in ("", "whole"):
        return SortingPrompt(whole=bool(named))
    try:
        words = Path(named).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"`{named}` is no prompt: give `whole`, or a text file with the words.") from None
    if not 0 < len(words) <= _MOST_WORDS:
        raise Misconfigured(f"The prompt in `{named}` has {len(words)} characters; it may have 1 to {_MOST_WORDS}.")
    return SortingPrompt(words=words)


def _rival_of(settings: Settings, named: str) -> Candidate:
    asked, _, prompt = named.partition("@")
    provider, *models = asked.split("/")
    if provider == BY_CLASSIFIER and not prompt and len(models) < 2:
        return Candidate(settings=settings, classifier=_classifier_of(settings, *models))
    if len(models) > 2 or not (provider or prompt):
        raise Misconfigured(
            f"`{named}` is no candidate; write PROVIDER/TRIAGE_MODEL/ANALYSIS_MODEL@PROMPT or a part of it, or "
            "`classifier`."
        )
    triage, analysis = (*models, *models[-1:], "", "")[:2]
    other = {"provider": provider, "triage_model": triage, "analysis_model": analysis} if provider else {}
    chosen = Settings.read(**{**settings.model_dump(), **other})
    return Candidate(settings=chosen, prompt=read_prompt(prompt), prompt_name=prompt)


def _classifier_of(settings: Settings, number: str = "") -> KeptClassifier:
    kept = list_classifiers(open_ledger(settings.ledger))
    wanted = [one for one in kept if (str(one.number) == number if number else one.state == "in use")]
    if not wanted:
        raise Misconfigured(f"There is no classifier {number or 'in use'}; `mailroom models` lists those there are.")
    return wanted[0]


def score(trial: Trial, candidate: Candidate, number: int, *, analyses: bool) -> Scored:
    """What a candidate answers, beside the labels; what it is expected to cost is logged first."""
    if candidate.classifier:
        return _scored(trial, candidate, classify(trial.messages, candidate.classifier, candidate.settings), {})
    own_id = f"{trial.run.id}-{number + 1}" if number else trial.run.id
    run = replace(
        trial.run, id=own_id, settings=with_operator_limits(candidate.settings),
        categories=replace(trial.run.categories, prompt=candidate.prompt),
    )  # fmt: skip
    record(run, "evaluation")
    log.info("%s: estimated %s.", candidate.name, estimate_mails(records(trial.messages), run).sentence())
    rows = records(_read(trial, run, frozenset(ANALYSES) if analyses else frozenset()))
    spent = spending(open_ledger(run.settings.ledger), run.id, [row["message_key"] for row in rows])
    # Not how long a reading took: most of that is a wait for its turn. An answer from the ledger took no time to tell.
    rows = [row | {"seconds": spent[row["message_key"]].seconds or None} for row in rows]
    usd = {key: None if one.cost_usd is None else float(one.cost_usd) for key, one in spent.items()}
    return _scored(trial, candidate, rows, usd)


def _scored(
    trial: Trial, candidate: Candidate, rows: Sequence[Mapping[str, Any]], usd: Mapping[str, float | None]
) -> Scored:
    paid = [usd.get(row["message_key"], 0.0) for row in rows]
    answers = answers_of(trial.labels, rows, paid, trial.run.categories.names)
    simulated = any(row["simulated"] for row in rows)
    return Scored(name=candidate.name, answers=answers, figures=figures(answers), simulated=simulated)


def classify(messages: DataFrame[Messages], kept: KeptClassifier, settings: Settings) -> list[dict[str, Any]]:
    """What the classifier says of every mail, as rows of `Readings`, whether it may answer it alone or not."""
    model = LinearModel.from_bytes(weights_of(open_ledger(settings.ledger), kept.number))
    rows = []
    for mail in records(messages):
        began = time.perf_counter()
        label, confidence = model.classify(features_of(mail))
        row = blank_reading(mail["message_key"], None) | {"sorted_by": f"{BY_CLASSIFIER} {kept.number}"}
        said = {"category": category_of(label), "needs_reply": wants_reply(label), "confidence": confidence}
        rows.append(row | said | {"seconds": time.perf_counter() - began})
    return rows


def _read(trial: Trial, run: Run, wanted: frozenset[str]) -> DataFrame[Readings]:
    chunks = split_rows(trial.messages, run.settings.chunk_rows)
    pending: list[PrefectFuture[DataFrame[Readings]]] = []
    with ends_in_order(run, pending):
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
