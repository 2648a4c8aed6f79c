"""A classifier is taught by the ledger, certified, and put to use only where it is better than the one in use."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field
from sqlalchemy import Engine

from flows.run.examples import examples_of
from flows.run.final_state import says_what_is_wrong
from flows.run.run_names import run_name
from tasks.classifier.linear_model import LinearModel
from tasks.classifier.train import Examples, Trained, train
from tasks.errors import Misconfigured
from tasks.ledger.classifiers import classifier_in_use, keep_classifier, weights_of
from tasks.ledger.engine import open_ledger
from tasks.settings import read_settings
from tasks.settings.parameters import tells_bounds

log = logging.getLogger("mailroom.understand")


@flow(name="train-triage", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@tells_bounds
def train_triage(least_mails: Annotated[int, Field(ge=50)] = 200) -> State[Any]:
    """Train the classifier that may sort mails without a model; nothing is asked.

    Args:
        least_mails: With fewer mails that a model or a person sorted, nothing is trained.
    """
    settings = read_settings()
    engine = open_ledger(settings.ledger)
    examples = examples_of(engine, settings)
    if len(examples.labels) < least_mails:
        return Completed(
            name="TooFewMails", message=f"{len(examples.labels)} mails to learn from; {least_mails} are wanted."
        )
    trained = train(examples, never=settings.local_never, alpha=settings.local_alpha, delta=settings.local_delta)

    promoted, why = judged(trained, examples, engine)

    number = keep_classifier(
        engine, trained.model.to_bytes(), mails=trained.mails, figures=trained.figures, why=why, promoted=promoted,
        certificate=asdict(trained.certificate),
    )  # fmt: skip
    told = f"Classifier {number}, {'in use' if promoted else 'not put to use'}: {why} {trained.sentence()}"
    log.info("%s", told)
    return Completed(message=told)


def judged(trained: Trained, examples: Examples, engine: Engine) -> tuple[bool, str]:
    """Whether it is to be put to use, and why: it must be certified, and as good as the one in use."""
    if trained.certificate.least > 1:
        return False, "nothing could be certified."
    current = classifier_in_use(engine)
    if current is None:
        return True, "there was none in use."
    try:
        model = LinearModel.from_bytes(weights_of(engine, current.number))
    except Misconfigured:
        return True, f"classifier {current.number} cannot be used any more."
    # The one in use was trained on some of these mails, so this leans to its side.
    said = [model.classify(examples.features[n])[0] for n in trained.judged]
    before = float(np.mean([one == examples.labels[n] for one, n in zip(said, trained.judged, strict=True)]))
    better = trained.accuracy >= before
    return better, f"accuracy {trained.accuracy:.3f}, that of classifier {current.number} is {before:.3f}."
