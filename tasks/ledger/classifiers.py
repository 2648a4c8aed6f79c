"""Versions of the classifier, and how often the one in use agreed with the model on the mails that both were asked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from tasks.known import BY_RULE
from tasks.ledger.engine import reading
from tasks.ledger.schema import NANO_USD, classifiers, completions, outcomes, sampled_answers

State = Literal["in use", "candidate", "retired", "stepped back"]
BY_CLASSIFIER = "classifier"
_PRICED = 1_000
WATCHED = 100
"""Sampled mails by which it is judged whether the bound still holds."""


@dataclass(frozen=True, kw_only=True)
class KeptClassifier:
    """A version without its weights."""

    number: int
    state: State
    why: str
    mails: int
    figures: Mapping[str, Any]
    certificate: Mapping[str, Any]
    trained_at: float


def keep_classifier(
    engine: Engine, model: bytes, *, mails: int, figures: Mapping[str, Any], certificate: Mapping[str, Any], why: str,
    promoted: bool,
) -> int:  # fmt: skip
    """The number of the version that was written down; a promoted one takes the place of the one in use."""
    row = {
        "state": "in use" if promoted else "candidate", "why": why, "mails": mails, "figures": figures,
        "certificate": certificate, "model": model, "trained_at": time.time(),
    }  # fmt: skip
    with engine.begin() as connection:
        if promoted:
            connection.execute(update(classifiers).where(classifiers.c.state == "in use").values(state="retired"))
        (number,) = connection.execute(insert(classifiers).values(row)).inserted_primary_key or (0,)
    return int(number)


def list_classifiers(engine: Engine) -> list[KeptClassifier]:
    """All versions, the newest first."""
    columns = [classifiers.c[name] for name in KeptClassifier.__dataclass_fields__]
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).order_by(classifiers.c.number.desc()))
        return [KeptClassifier(**row._asdict()) for row in rows]


def classifier_in_use(engine: Engine) -> KeptClassifier | None:
    """The version that may answer; null where none may."""
    return next((one for one in list_classifiers(engine) if one.state == "in use"), None)


def weights_of(engine: Engine, number: int) -> bytes:
    """The model of a version, as `LinearModel.to_bytes` made it."""
    with reading(engine) as connection:
        found: bytes = connection.execute(
            select(classifiers.c.model).where(classifiers.c.number == number)
        ).scalar_one()
    return found


def step_back(engine: Engine, number: int, why: str) -> bool:
    """Whether this call took the version out of use."""
    wanted = update(classifiers).where(classifiers.c.number == number, classifiers.c.state == "in use")
    with engine.begin() as connection:
        return connection.execute(wanted.values(state="stepped back", why=why)).rowcount == 1


def record_samples(engine: Engine, number: int, answers: Iterable[tuple[str, str, str]]) -> None:
    """Write down mails that both were asked about: message_key, what the classifier said, what the model said."""
    now = time.time()
    rows = [
        {"classifier": number, "message_key": key, "said": said, "model_said": model_said, "at": now}
        for key, said, model_said in answers
    ]
    if rows:
        with engine.begin() as connection:
            connection.execute(insert(sampled_answers), rows)


def sampled_agreement(engine: Engine, number: int, latest: int) -> tuple[int, int]:
    """Of the latest so many sampled mails of a version: how many there are, and on how many the two disagreed."""
    s = sampled_answers.c
    wanted = select(s.said, s.model_said).where(s.classifier == number).order_by(s.number.desc()).limit(latest)
    with reading(engine) as connection:
        pairs = connection.execute(wanted).all()
    return len(pairs), sum(said != model_said for said, model_said in pairs)


def triage_price_usd(connection: Connection) -> float:
    """The mean price of the latest triages; a mail that is sorted without a model saves about that. 0 without any."""
    c = completions.c
    latest = (
        select(c.price_nusd)
        .where(c.question == "triage", c.state == "done", c.price_nusd.is_not(None))
        .order_by(c.ended_at.desc())
        .limit(_PRICED)
        .subquery()
    )
    return float(connection.scalar(select(func.avg(latest.c.price_nusd))) or 0) / NANO_USD


def count_local(engine: Engine, since: float) -> int:
    """How many outcomes since then (UTC seconds) a classifier or a rule gave the category of, and no model."""
    by = outcomes.c.row["sorted_by"].as_string()
    without = or_(by.startswith(BY_CLASSIFIER), by.startswith(f"{BY_RULE} "))
    wanted = select(func.count()).where(outcomes.c.processed_at >= since, without)
    with reading(engine) as connection:
        return connection.scalar(wanted) or 0
