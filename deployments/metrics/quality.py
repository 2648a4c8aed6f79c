"""How good the answers are and who gives them: what people said, what samples showed, and what was saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import Connection, func, select

from tasks.ledger.classifiers import WATCHED
from tasks.ledger.measures import SAID, SAMPLED, SORTED_BY, SORTERS, read_measure
from tasks.ledger.schema import NANO_USD, classifiers, completions, sampled_answers

_WAYS = ("command", "form", "mailbox")
_LOOKED_AT = 1_000


def of_answers(connection: Connection) -> Iterator[Metric]:
    """Who sorted the mails, what people and samples said of it, and what a triage costs that is not asked for."""
    sorted_by = read_measure(connection, SORTED_BY)
    local = CounterMetricFamily("emails_sorted_by", "Outcomes recorded, by who gave the category.", labels=["by"])
    for one in SORTERS:
        local.add_metric([one], sorted_by.get((one,), Counter())["mails"])
    yield local
    said = read_measure(connection, SAID)
    people = CounterMetricFamily(
        "email_categories_reviewed", "Categories that people looked at.", labels=["way", "verdict"]
    )
    for way in _WAYS:
        for verdict in ("confirmed", "changed"):
            people.add_metric([way, verdict], said.get((way,), Counter())[verdict])
    yield people
    sampled = read_measure(connection, SAMPLED).get((), Counter())
    samples = CounterMetricFamily(
        "ai_sampled_answers", "Answers of the classifier that a model was asked for, too.", labels=["verdict"]
    )
    for verdict in ("agreed", "differed"):
        samples.add_metric([verdict], sampled[verdict])
    yield samples
    yield _triage_price(connection)


def of_classifier(connection: Connection) -> Iterator[GaugeMetricFamily]:
    """The classifier in use: whether there is one, the error it may have, and that of its latest sampled answers."""
    c = classifiers.c
    current = connection.execute(select(c.number, c.certificate).where(c.state == "in use")).first()
    in_use = GaugeMetricFamily("ai_classifier_in_use", "1 while a classifier may sort mails without a model.")
    in_use.add_metric([], float(current is not None))
    yield in_use
    error = GaugeMetricFamily(
        "ai_classifier_error", "Share of answers that differ from the model's: at most, and sampled.", labels=["kind"]
    )
    error.add_metric(["allowed"], float(current.certificate["alpha"]) if current else 0.0)
    error.add_metric(["sampled"], _sampled_error(connection, current.number) if current else 0.0)
    yield error


def _sampled_error(connection: Connection, number: int) -> float:
    s = sampled_answers.c
    latest = select(s.said, s.model_said).where(s.classifier == number).order_by(s.number.desc()).limit(WATCHED)
    pairs = connection.execute(latest).all()
    return sum(said != model_said for said, model_said in pairs) / len(pairs) if pairs else 0.0


def _triage_price(connection: Connection) -> GaugeMetricFamily:
    """The mean price of the latest triages; each mail that is sorted without a model saves about that."""
    latest = (
        select(completions.c.price_nusd)
        .where(completions.c.question == "triage", completions.c.state == "done", completions.c.price_nusd.is_not(None))
        .order_by(completions.c.ended_at.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    price = GaugeMetricFamily("ai_triage_price_usd", "Mean price of the latest triages that were paid for.")
    price.add_metric([], float(connection.scalar(select(func.avg(latest.c.price_nusd))) or 0) / NANO_USD)
    return price
