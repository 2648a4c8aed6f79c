"""Sorts mails without a model where the classifier's error is bounded; a random share is asked of the model as well."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from prefect.artifacts import create_markdown_artifact
from sqlalchemy import Engine

from tasks.classifier.certify import Certificate, lower_bound
from tasks.classifier.features import features_of
from tasks.classifier.labels import category_of, label_of, wants_reply
from tasks.classifier.linear_model import LinearModel
from tasks.known import KnownCategory
from tasks.ledger.classifiers import (
    BY_CLASSIFIER,
    WATCHED,
    classifier_in_use,
    record_samples,
    sampled_agreement,
    step_back,
    weights_of,
)
from tasks.ledger.engine import open_ledger
from tasks.runs import Run

log = logging.getLogger("mailroom.understand")


@dataclass(frozen=True, kw_only=True)
class LocallySorted:
    """`known` are mails that need no triage by a model; `sampled` holds the classifier's labels of those that do."""

    known: Mapping[str, KnownCategory] = field(default_factory=dict)
    sampled: Mapping[str, str] = field(default_factory=dict)
    classifier: int = 0


def sort_locally(mails: Iterable[Mapping[str, Any]], run: Run) -> LocallySorted:
    """What the classifier in use may say of these mails (rows of `Messages`); nothing where local triage is off."""
    settings = run.settings
    engine = open_ledger(settings.ledger)
    kept = classifier_in_use(engine) if settings.local_triage == "certified" else None
    if kept is None:
        return LocallySorted()
    certificate = Certificate(**{**kept.certificate, "categories": tuple(kept.certificate["categories"])})
    model = _model(settings.ledger, kept.number)
    known: dict[str, KnownCategory] = {}
    sampled: dict[str, str] = {}
    for mail in mails:
        label, confidence = ("", 0.0) if mail["unreadable"] else model.classify(features_of(mail))
        category = category_of(label)
        may_answer = certificate.covers(label, confidence) and category in run.categories.names
        if not may_answer or category in settings.local_never:
            continue
        if _is_sampled(mail["message_key"], kept.number, settings.local_sample):
            sampled[mail["message_key"]] = label
        else:
            why = f"Sorted without a model: at most {certificate.bound:.1%} of such answers differ from the model's."
            known[mail["message_key"]] = KnownCategory(
                category=category, by=f"{BY_CLASSIFIER} {kept.number}", why=why, confidence=confidence,
                needs_reply=wants_reply(label),
            )  # fmt: skip
    return LocallySorted(known=known, sampled=sampled, classifier=kept.number)


def note_samples(found: LocallySorted, readings: Iterable[Mapping[str, Any]], run: Run) -> None:
    """Hold what the classifier said of the sampled mails against the model's readings; step back where they differ."""
    answers = [
        (row["message_key"], found.sampled[row["message_key"]], _label(row))
        for row in readings
        if row["message_key"] in found.sampled and isinstance(row["category"], str)
    ]
    if answers:
        engine = open_ledger(run.settings.ledger)
        record_samples(engine, found.classifier, answers)
        look_for_drift(engine, found.classifier, alpha=run.settings.local_alpha, delta=run.settings.local_delta)


def look_for_drift(engine: Engine, classifier: int, *, alpha: float, delta: float) -> bool:
    """Whether the classifier was taken out of use, as its error on the latest sampled mails is above the bound."""
    sampled, wrong = sampled_agreement(engine, classifier, WATCHED)
    if lower_bound(wrong, sampled, delta) <= alpha:
        return False
    why = f"{wrong} of the latest {sampled} sampled answers differ from the model's: more than {alpha:.0%} do for sure."
    if not step_back(engine, classifier, why):
        return False
    log.warning("Local triage steps back: %s Mails are sorted by the model until a new classifier is certified.", why)
    create_markdown_artifact(
        f"# Local triage has stepped back\n\nClassifier {classifier}: {why}\n\nMails are sorted by the model until "
        "`train-triage` has certified a new one.",
        key="mailroom-local-triage", description=f"Classifier {classifier} has stepped back",
    )  # fmt: skip
    return True


def _label(row: Mapping[str, Any]) -> str:
    return label_of(row["category"], needs_reply=bool(row["needs_reply"]))


def _is_sampled(message_key: str, classifier: int, share: float) -> bool:
    """Whether the mail is asked of the model, too: as good as at random, and the same when it is asked again."""
    drawn = hashlib.sha256(f"{message_key}/{classifier}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") < share * 2**32


@lru_cache(maxsize=2)
def _model(ledger_url: str, number: int) -> LinearModel:
    return LinearModel.from_bytes(weights_of(open_ledger(ledger_url), number))
