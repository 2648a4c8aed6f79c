"""Counters and the histogram of times, over all rows including pruned ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import Connection

from tasks.frames import STATUSES
from tasks.ledger.measures import BUCKETS_S, CALLS, FAULTS, MAILS, SORTED, TOKENS, Reading, read_measure
from tasks.ledger.schema import NANO_USD

_PROCESSED = ("COMPLETED", "FAILED")


def of_mails(connection: Connection) -> Iterator[Metric]:
    """Mails by status, and how long they took."""
    mails = read_measure(connection, MAILS)
    processed = CounterMetricFamily("emails_processed", "Outcomes recorded, one per mail and run.", labels=["status"])
    for status in STATUSES:
        processed.add_metric([status.lower()], mails.get((status,), Counter())["mails"])
    yield processed
    by_category = CounterMetricFamily("emails_sorted", "Outcomes recorded, by category.", labels=["category"])
    for labels, sums in read_measure(connection, SORTED).items():
        by_category.add_metric(labels, sums["mails"])
    yield by_category
    yield _times(mails)
    cached = CounterMetricFamily("ai_cache_hits", "Answers used that cost nothing, from the ledger.")
    cached.add_metric([], _sum(mails, "cached_calls"))
    yield cached


def _times(mails: Reading) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "email_processing_duration_seconds", "Time from a mail's first question to its last."
    )
    done = {labels: sums for labels, sums in mails.items() if labels[0] in _PROCESSED}
    buckets = [(str(limit), float(_sum(done, f"within {limit}"))) for limit in BUCKETS_S]
    buckets.append(("+Inf", float(_sum(done, "mails"))))
    family.add_metric([], buckets, sum_value=_sum(done, "milliseconds") / 1_000)
    return family


def of_calls(connection: Connection) -> Iterator[Metric]:
    """Provider calls, their tokens and costs, and their errors."""
    calls = read_measure(connection, CALLS)
    labels = ["service", "model"]
    made = CounterMetricFamily("ai_api_calls", "Calls sent to a provider, retries included.", labels=labels)
    retried = CounterMetricFamily("ai_api_retries", "Calls that repeated a failed one.", labels=labels)
    cost = CounterMetricFamily("ai_cost_usd", "Price of all calls whose price is known.", labels=labels)
    unpriced = CounterMetricFamily("ai_unpriced_calls", "Ended calls whose price is unknown.", labels=labels)
    tokens = CounterMetricFamily("ai_tokens", "Tokens as providers count them.", labels=[*labels, "kind"])
    for of, sums in calls.items():
        made.add_metric(of, sums["calls"])
        retried.add_metric(of, sums["retries"])
        cost.add_metric(of, sums["price_nusd"] / NANO_USD)
        unpriced.add_metric(of, sums["unpriced"])
        for kind in TOKENS:
            tokens.add_metric([*of, kind.removesuffix("_tokens")], sums[kind])
    yield from (made, retried, cost, unpriced, tokens)
    faults = CounterMetricFamily("ai_api_errors", "Calls that failed.", labels=[*labels, "error"])
    for of, sums in read_measure(connection, FAULTS).items():
        faults.add_metric(of, sums["calls"])
    yield faults


def _sum(reading: Reading, name: str) -> int:
    return sum(sums[name] for sums in reading.values())
