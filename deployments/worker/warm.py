"""Runs that begin in a process with everything imported: a child of the standard library's fork server.

Prefect's worker starts each run by `run_process`, in a new Python that imports for seconds. In its place stands `run`
here: where nothing speaks against it, the run is forked from a process that did all that once, and ends with it, so
that no run inherits anything from another. All else stays Prefect's: how code is found, states, logs, cancelling,
crashes. To be deleted when Prefect can preload modules.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from multiprocessing.context import ForkServerProcess
from typing import Any

import anyio
import anyio.to_thread
from prefect.runner import _starter_engine
from prefect.settings import get_current_settings
from prefect.utilities.processutils import get_sys_executable, run_process

from deployments.worker.one_run import ROOT, carry_out
from deployments.worker.shared_tls import share_tls
from deployments.worker.told_runs import tell

log = logging.getLogger("mailroom.worker")
SUPERVISOR = [get_sys_executable(), "-m", "prefect.runner._workspace_supervisor"]
# What a run reads when it begins. Any other variable may have been read by an import, so it must be the worker's.
READ_LATE = ("PREFECT__", "MAILROOM_", "OPENAI_", "ANTHROPIC_", "CLAUDE_", "GEMINI_", "GOOGLE_", "LOCAL_")
_UNKNOWN = 255
"""What `multiprocessing` says of a process whose fork server is gone."""
_BEGIN_S = 60.0
"""The fork server's own imports on a busy machine."""


def begin_runs_warm(pipe: int | None = None) -> None:
    """Let this process's Prefect worker begin its runs warm wherever it can, and tell `pipe` of them."""
    share_tls()
    begin = run_process
    if "forkserver" in multiprocessing.get_all_start_methods():
        runs = WarmRuns(run_process)
        runs.warm_up()
        begin = runs.run
    begin = begin if pipe is None else tell(begin, pipe)
    setattr(_starter_engine, "run_process", begin)  # noqa: B010  # its class says that it may be replaced there


class WarmRuns:
    """Begins runs from a fork server; `cold` is Prefect's own way, for all that it cannot begin."""

    def __init__(self, cold: Callable[..., Any]) -> None:
        self._cold = cold
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["deployments.worker.preload"])
        self._code = _code()

    def warm_up(self) -> None:
        """Start the fork server, which imports while the worker does other things."""
        from multiprocessing.forkserver import ensure_running

        ensure_running()

    async def run(self, command: list[str], **options: Any) -> Any:  # noqa: ANN401  # as Prefect's own
        """Run the command as Prefect's `run_process` does."""
        process = await self._begun(command, options)
        if process is None:
            return await self._cold(command, **options)
        options["task_status"].started(options["task_status_handler"](process))
        try:
            await anyio.wait_readable(process.sentinel)
        finally:
            if process.exitcode is None:
                process.terminate()
        if process.pid and process.exitcode == _UNKNOWN:  # Prefect takes the run for crashed now, so it must not go on
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        return process

    async def _begun(self, command: list[str], options: dict[str, Any]) -> ForkServerProcess | None:
        """The run's process; None where it is to begin cold."""
        why = self._why_cold(command, options["env"])
        if not why:
            try:
                begin = (command[-1], options["env"], str(options["cwd"]), not options["stream_output"])
                return await anyio.to_thread.run_sync(self._begin, *begin)
            except (OSError, EOFError) as error:
                why = f"the fork server cannot be used ({type(error).__name__})"
        log.info("A run begins in a new process: %s.", why)
        return None

    def _why_cold(self, command: list[str], environment: Mapping[str, str]) -> str:
        if command[:-1] != SUPERVISOR:
            return "its work pool has a command of its own"
        # As it is now: what libraries set when they are imported here, they set in the fork server, too.
        told = {**os.environ, **self._settings}
        differing = {name for name in told.keys() | environment.keys() if told.get(name) != environment.get(name)}
        if others := sorted(name for name in differing if not name.startswith(READ_LATE)):
            return f"its deployment sets {', '.join(others)}"
        return "" if _code() == self._code else "the code has changed since the worker was started"

    @cached_property
    def _settings(self) -> Mapping[str, str]:
        """Prefect's, which a process reads once; to write them down takes 50 ms."""
        return get_current_settings().to_environment_variables(exclude_unset=True)

    def _begin(self, config: str, environment: Mapping[str, str], folder: str, silent: bool) -> ForkServerProcess:
        theirs, ours = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=carry_out, args=(config, environment, folder), kwargs={"silent": silent, "begun": ours}
        )
        with theirs:
            with ours:
                process.start()
            if not theirs.poll(_BEGIN_S):  # readable at its end, which is when the run leads a group of its own
                process.kill()
                raise OSError("it did not begin")
        return process


def _code() -> dict[str, int]:
    """When each file that the project's code is read from was last written."""
    folders = (walked for room in ("flows", "tasks", "deployments") for walked in os.walk(ROOT / room))
    files = (os.path.join(folder, name) for folder, _, names in folders for name in names)
    return {file: os.stat(file).st_mtime_ns for file in files if file.endswith((".py", ".json", ".txt"))}
