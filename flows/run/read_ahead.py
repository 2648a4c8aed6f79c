"""Keeps the models busy: while one window is acted on and reported, the next one's questions are being answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from pandera.typing import DataFrame
from prefect import unmapped
from prefect.futures import PrefectFuture

from flows.run.under_way import RunUnderWay
from tasks import policies
from tasks.chunks import collect, split_rows
from tasks.decide.rules import analyses_for
from tasks.decide.withhold import withhold
from tasks.frames import Messages, Readings, records
from tasks.ingest.windows import Window
from tasks.ledger.engine import open_ledger
from tasks.presort.known_beforehand import Presorted, known_beforehand
from tasks.presort.local_triage import note_samples
from tasks.stops import stop_of
from tasks.understand.understand_messages import chunk_names, lost_chunk, question_of, understand_messages


@dataclass(frozen=True, kw_only=True)
class PendingWindow:
    """A window's chunks, and the futures of their readings."""

    chunks: list[DataFrame[Messages]]
    futures: list[PrefectFuture[DataFrame[Readings]]]
    presorted: Presorted


def read_ahead(windows: Iterable[Window], job: RunUnderWay) -> Iterator[tuple[Window, PendingWindow]]:
    """Each window with its pending readings. Before it is yielded, the next window's questions are started, too."""
    waiting: deque[tuple[Window, PendingWindow]] = deque()
    stop = stop_of(job.run.id)
    for window in windows:
        stop.check()
        job.estimate_by(window)
        waiting.append((window, ask(window, job)))
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting


def ask(window: Window, job: RunUnderWay) -> PendingWindow:
    """Start a task run for each chunk of the window."""
    settings = job.run.settings
    allowed = withhold(window.messages, job.rules, open_ledger(settings.ledger))
    chunks = split_rows(allowed, settings.chunk_rows)
    presorted = known_beforehand(allowed, job.run)
    futures = understand_messages.with_options(**policies.ask_model(job.run)).map(
        chunks, part=chunk_names(chunks, job.mails_asked), run=unmapped(job.run),
        known=[presorted.of(chunk["message_key"]) for chunk in chunks],
        worth=unmapped(partial(analyses_for, job.rules)), question=unmapped(question_of(job.run, job.rules.text)),
    )  # fmt: skip
    job.mails_asked += len(window)
    job.pending += futures
    return PendingWindow(chunks=chunks, futures=futures, presorted=presorted)


def understood(pending: PendingWindow, job: RunUnderWay) -> DataFrame[Readings]:
    """Wait for the window's readings. A lost chunk gives rows with an error.

    Raises:
        Stopped: The run must end. Its answers are on record, and the next run processes the mails.
    """
    answers = job.progress.watched(pending.futures, pending.chunks)
    readings = collect(answers, pending.chunks, Readings.of([]), lost_chunk)
    stop_of(job.run.id).check()
    note_samples(pending.presorted.local, records(readings), job.run)
    job.pending[:] = [future for future in job.pending if future not in pending.futures]
    return readings
