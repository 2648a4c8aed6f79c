"""How good the answers are and who gives them: what people said, what samples showed, and what was saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import Connection, select

from tasks.ledger.classifiers import WATCHED, triage_price_usd
from tasks.ledger.measures import SAID, SAMPLED, SORTED_BY, SORTERS, read_measure
from tasks.ledger.schema import classifiers, sampled_answers

_WAYS = ("command", "form", "mailbox")


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
    price = GaugeMetricFamily(
        "ai_triage_price_usd", "Mean price of the latest triages: about what a mail saves that no model sorts."
    )
    price.add_metric([], triage_price_usd(connection))
    yield price


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
