"""Waits, tries and caches of every task, on one page.

A provider call is retried where it is made (`tasks.providers`), by one loop that obeys Retry-After. A Prefect retry is
for larger failures: the provider was unavailable for a whole chunk, or the ledger could not be reached. Calls that were
answered are found in the ledger, so no answer is paid for twice.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypedDict

from prefect import Task
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.transactions import get_transaction
from sqlalchemy.exc import OperationalError

from tasks.errors import ChunkUnfinished
from tasks.logs import NoTraceOfExpected
from tasks.questions import CallPolicy
from tasks.runs import Run
from tasks.stops import stop_of

log = logging.getLogger("mailroom.understand")

# Every task imports this module, in whatever process it runs.
for _name in ("prefect.task_runs", "prefect.flow_runs"):
    logging.getLogger(_name).addFilter(NoTraceOfExpected())


class Policy(TypedDict, total=False):
    """Options of a task. Prefect's own typed dictionary has optional fields, with which `**` does not type-check."""

    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Callable[[Task[..., Any], TaskRun, State[Any]], bool]
    cache_policy: CachePolicy
    cache_expiration: timedelta
    persist_result: bool
    cache_result_in_memory: bool
    refresh_cache: bool


def can_be_cured(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether the failure is temporary. This must be a plain function: Prefect never calls other callables."""
    error = state.result(raise_on_failure=False)
    return (isinstance(error, ChunkUnfinished) and error.transient) or isinstance(error, OperationalError)


def cured_in_time(run: Run) -> Callable[[Task[..., Any], TaskRun, State[Any]], bool]:
    """Like `can_be_cured`, but it returns after this try's delay plus up to half as much at random.

    It waits here because Prefect's own delay cannot be interrupted when the run must end.
    """
    delays_s, stop = run.settings.chunk_retry_delays_s, stop_of(run.id)

    def again(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
        if not can_be_cured(task, task_run, state):
            return False
        delay_s = delays_s[min(task_run.run_count, len(delays_s)) - 1] * random.uniform(1.0, 1.5)
        log.warning("What was not answered is asked again in %.0f s; nothing answered is paid twice.", delay_s)
        return not stop.wait(delay_s)

    return again


def same_mails_same_question(_context: TaskRunContext, inputs: dict[str, Any]) -> str:
    """The cache key of an understood chunk: its mails, what is known of them, the questions and the models.

    It does not depend on the run.

    A frame's hash would change with its index and dtypes, and would take more time than these few strings.
    """
    messages = inputs["messages"]
    known = sorted((inputs.get("known") or {}).items())
    parts = [*messages["message_key"], *messages["target_language"], inputs["question"], repr(known)]
    shown = zip(*(messages[name] for name in ("message_key", "earlier", "passages", "style")), strict=True)
    parts += [repr((key, *beside)) for key, *beside in shown if any(beside)]
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"understand-{digest}"


def keep_out_of_cache() -> None:
    """Keep Prefect from caching the running task's result. Outside of a task this does nothing."""
    transaction = get_transaction()
    if transaction is not None:
        transaction.write_on_commit = False


PURE = Policy(retries=0, cache_policy=NO_CACHE, persist_result=False)
LEDGER = Policy(
    retries=4, retry_delay_seconds=[2.0, 10.0, 30.0, 30.0], retry_jitter_factor=0.5, retry_condition_fn=can_be_cured,
    cache_policy=NO_CACHE, persist_result=False,
)  # fmt: skip


def ask_model(run: Run) -> Policy:
    """The policy of the task `understand` in this run.

    A chunk's readings are cached as long as their answers. There are no tags: Prefect requests a slot for each tag from
    its server before a task runs, so chunks would wait while the server is unavailable.
    """
    settings = run.settings
    return Policy(
        retries=len(settings.chunk_retry_delays_s), retry_condition_fn=cured_in_time(run),
        cache_policy=CacheKeyFnPolicy(cache_key_fn=same_mails_same_question),
        cache_expiration=timedelta(seconds=settings.answers_ttl_s),
        # In economy mode a mail that waited for a batch is read again with the same question, and must not get the
        # cached reading from the time when it waited.
        refresh_cache=settings.refresh or settings.mode == "economy",
        # Prefect would keep the readings of the last thousand chunks in memory; a rerun can read them from their file.
        cache_result_in_memory=False,
    )  # fmt: skip


STOP_WITHIN_S = 22.0
"""How long a run that must end waits for calls in flight before it cancels them. Prefect kills a run after 30 s."""

CALL = CallPolicy(
    attempts=4, base_s=1.0, factor=2.0, cap_s=60.0, total_s=180.0, breaker_failures=5, breaker_open_s=60.0,
    breaker_probe_s=120.0, key_turn_s=3_600.0, key_rest_s=300.0,
)  # fmt: skip
