"""Collects all metrics. They are read at most every few seconds, however often they are scraped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from deployments.metrics import counters, gauges, quality
from tasks.errors import Misconfigured
from tasks.ledger.engine import open_ledger, reading

log = logging.getLogger("mailroom.metrics")


class LedgerCollector(Collector):
    """Reads the ledger when scraped. If it can't be read, `mailroom_ledger_up` is 0 and its metrics are absent."""

    def __init__(
        self, ledger_url: str, inbox: Path, fresh_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger_url = ledger_url
        self._inbox = inbox
        self._fresh_s = fresh_s
        self._clock = clock
        self._lock = threading.Lock()
        self._read: list[Metric] = []
        self._stale_at = -float("inf")

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        with self._lock:
            if (began := self._clock()) >= self._stale_at:
                self._read = [*self._of_ledger(), *gauges.in_the_inbox(self._inbox)]
                now = self._clock()
                # Reading a large ledger takes seconds, so at most a tenth of the time is spent on it.
                self._stale_at = now + max(self._fresh_s, 9 * (now - began))
            yield from self._read

    def describe(self) -> list[Metric]:
        """Return nothing, because registration must not read the ledger."""
        return []

    def _of_ledger(self) -> list[Metric]:
        up = GaugeMetricFamily("mailroom_ledger_up", "1 when the ledger could be read.")
        try:
            read = self._ask_ledger()
        except (SQLAlchemyError, Misconfigured) as error:
            log.warning("The ledger can't be read (%s).", type(error).__name__)
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *read]

    def _ask_ledger(self) -> list[Metric]:
        with reading(open_ledger(self._ledger_url)) as connection:
            return [
                *counters.of_mails(connection),
                *counters.of_calls(connection),
                *quality.of_answers(connection),
                *quality.of_classifier(connection),
                *gauges.at_work(connection, time.time()),
                *gauges.of_effects(connection),
                *gauges.of_breakers(connection),
            ]
