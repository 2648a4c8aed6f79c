"""Chooses where a flow's mapped tasks run: in threads of its process, in processes beside it, or on a cluster."""

from __future__ import annotations

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.run.process_task_runner import ChunkTaskRunner
from tasks.errors import Misconfigured
from tasks.settings import Settings, read_settings

# Chunks of three windows: two are being answered, and the effects of the one before are being performed.
_WINDOWS = 3


def task_runner() -> TaskRunner[Any]:
    """The runner that MAILROOM_TASK_RUNNER names. It is read when a flow is defined, as Prefect requires.

    A wrong setting gives threads here and an error when a run begins.
    """
    try:
        settings = read_settings()
    except Misconfigured:
        return ThreadPoolTaskRunner(max_workers=4)
    return _runner(settings)


def _runner(settings: Settings) -> TaskRunner[Any]:
    try:
        return _beside(settings) or ThreadPoolTaskRunner(max_workers=_WINDOWS * settings.chunk_workers)
    except ImportError as error:
        runner = settings.task_runner
        raise Misconfigured(
            f"`MAILROOM_TASK_RUNNER` is {runner}, whose extra is missing: install mailroom[{runner}]."
        ) from error


def _beside(settings: Settings) -> TaskRunner[Any] | None:
    if settings.task_runner == "processes":
        return ChunkTaskRunner(max_workers=settings.chunk_workers)
    if settings.task_runner == "dask":
        from prefect_dask.task_runners import DaskTaskRunner

        cluster = {"n_workers": settings.chunk_workers, "threads_per_worker": 1}
        address = settings.cluster_address
        return DaskTaskRunner(address=address) if address else DaskTaskRunner(cluster_kwargs=cluster)
    if settings.task_runner == "ray":
        from prefect_ray import RayTaskRunner

        ray: TaskRunner[Any] = RayTaskRunner(address=settings.cluster_address)
        return ray
    return None
