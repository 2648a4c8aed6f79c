"""The windows of a run on their way through the models: while one is finished, the next one is being answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from prefect import unmapped
from prefect.futures import PrefectFuture

from flows.run.setup import Opened
from tasks.chunks import collect, split_rows
from tasks.decide.rules import analyses_for
from tasks.decide.withhold import withhold
from tasks.frames import Readings
from tasks.ingest.windows import Window
from tasks.ledger.engine import open_ledger
from tasks.understand.understand_messages import chunk_names, lost_chunk, question_of, understand_messages


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A window's chunks, and the futures of their readings."""

    chunks: list[Any]
    futures: list[PrefectFuture[Any]]


def asked_ahead(windows: Iterable[Window], job: Opened) -> Iterator[tuple[Window, Asked]]:
    """Each window with its questions under way, and those of the window after it: the models wait for no other stage."""
    under_way: deque[tuple[Window, Asked]] = deque()
    for window in windows:
        job.foresee(window)
        under_way.append((window, ask(window, job)))
        if len(under_way) > 1:
            yield under_way.popleft()
    yield from under_way


def ask(window: Window, job: Opened) -> Asked:
    """The window's chunks mapped over the models."""
    allowed = withhold(window.messages, job.rules, open_ledger(job.run.settings.ledger))
    chunks = split_rows(allowed, job.run.settings.chunk_rows)
    asked = understand_messages.with_options(
        retry_delay_seconds=list(job.run.settings.chunk_retry_delays_s),
        retries=len(job.run.settings.chunk_retry_delays_s),
        cache_expiration=timedelta(seconds=job.run.settings.answers_ttl_s),
        # A mail that waits for a batch is read again with the same question, and must not find itself waiting.
        refresh_cache=job.run.settings.refresh or job.run.settings.mode == "economy",
    )
    futures = asked.map(
        chunks, part=chunk_names(chunks, job.met), run=unmapped(job.run),
        worth=unmapped(partial(analyses_for, job.rules)), question=unmapped(question_of(job.run.settings, job.rules.text)),
    )  # fmt: skip
    job.met += len(window)
    job.asked += futures
    return Asked(chunks=chunks, futures=futures)


def understood(asked: Asked, job: Opened) -> Any:
    """The window's readings once they are all there; a lost chunk stands as rows that say so."""
    answers = job.progress.watched(asked.futures, asked.chunks)
    readings = collect(answers, asked.chunks, Readings.of([]), lost_chunk)
    job.asked = [future for future in job.asked if future not in asked.futures]
    return readings
