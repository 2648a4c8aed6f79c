"""A run in a process that the fork server made: what Prefect does in two new processes, in one that has it all.

Prefect's worker starts a supervisor, which finds the deployment's code and then becomes the engine. Both are called
here as they are; only where the supervisor would start Python anew for the engine, it goes on in this process.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from deployments.local.prefect_env import enter

ROOT = Path(__file__).resolve().parents[2]


def carry_out(config: str, environment: Mapping[str, str], folder: str, *, silent: bool, begun: Connection) -> None:
    """Carry out the run that the supervisor's file `config` names; ends with the engine's exit code."""
    os.setsid()  # Prefect ends a run by its process group
    begun.close()
    os.chdir(folder)
    enter(environment)
    if silent:
        _say_nothing()
    try:
        sys.exit(_supervise(config))
    finally:
        sys.stdout.flush()
        atexit._run_exitfuncs()  # `multiprocessing` leaves them out, and Prefect sends the last of the log there


def _say_nothing() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _supervise(config: str) -> int:
    """Prepare the run's folder and carry it out; the exit code."""
    from prefect.context import refresh_global_settings_context
    from prefect.runner import _workspace_supervisor as supervisor

    refresh_global_settings_context()
    start_anew = supervisor._launch_engine
    here: list[dict[str, str]] = []

    async def launch(command: list[str], *, cwd: Path, environment: dict[str, str]) -> int:
        if cwd != ROOT or command[1:] != ["-m", "prefect.engine"]:
            return await start_anew(command, cwd=cwd, environment=environment)  # other code than what is loaded here
        here.append(environment)
        return 0

    supervisor._launch_engine = launch
    code = supervisor.main([config])
    return _become_engine(here[0]) if here else code


def _become_engine(environment: Mapping[str, str]) -> int:
    from prefect.runner._workspace_runtime_bootstrap import _run_engine

    os.chdir(ROOT)
    enter(environment)
    given = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = dict.fromkeys([str(ROOT), *filter(None, given), *sys.path])
    return _run_engine(environment["PREFECT__FLOW_ENTRYPOINT"])
