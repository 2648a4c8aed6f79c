"""Told to end, the worker ends its runs first, on machines that show no /proc as well."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from prefect.settings import PREFECT_API_URL

from deployments.worker.told_runs import LivingRuns, given_pipe, tell
from tests.deployments.worker.running import RunningWorker

SERVE = "import os, sys; from deployments.worker.serve import serve; sys.exit(serve(sys.argv[1:], os.environ, 60.0))"
HIDDEN = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")


def can_hide_proc() -> bool:
    try:
        return subprocess.run([*HIDDEN, "true"], capture_output=True).returncode == 0
    except OSError:  # not Linux: there is no /proc to be hidden
        return False


def test_a_run_is_told_to_end_before_its_worker(prefect_server, tmp_path):
    before = HIDDEN if can_hide_proc() else ()  # takes root on Linux
    go = tmp_path / "go"
    office = RunningWorker(tmp_path, PREFECT_API_URL.value(), (*before, sys.executable, "-c", SERVE))
    try:
        run = office.start(variables=[], until=str(go))
        process = int(office.until(lambda: (file := Path(f"{go}.pid")).exists() and file.read_text()))
        office.worker.terminate()
        assert office.worker.wait(60) == 0
        state = office.state(run)
    finally:
        office.worker.kill()
    assert not Path(f"/proc/{process}").exists()
    # Prefect's worker would have killed it, and said so in other words.
    assert (state.name, state.message) == ("Crashed", "Execution was aborted by a termination signal."), state


class Process:
    def __init__(self, pid: int) -> None:
        self.pid = pid


def test_runs_are_told_of_while_they_live():
    runs, ends = LivingRuns(), [asyncio.Event() for _ in range(2)]
    words = [runs.option, "worker", "start"]
    pipe = given_pipe(words)
    assert pipe is not None
    assert words == ["worker", "start"]
    assert given_pipe(words) is None
    seen: list[frozenset[int]] = []

    async def begin(command: list[str], **options: Any) -> None:
        options["task_status_handler"](Process(int(command[0])))
        await ends[int(command[0])].wait()
        if command[0] == "1":
            raise OSError("it went wrong")

    async def work() -> None:
        run = tell(begin, pipe)
        working = [asyncio.create_task(run([str(one)], task_status_handler=lambda process: process)) for one in (0, 1)]
        for one in (None, 0, 1):
            if one is not None:
                ends[one].set()
            await asyncio.sleep(0.01)
            seen.append(runs.now())
        await asyncio.gather(*working, return_exceptions=True)

    asyncio.run(work())
    runs.begun()  # which closes the worker's end
    assert seen == [{0, 1}, {1}, set()]
    assert runs.now() == set()


def test_a_worker_that_nobody_listens_to_goes_on():
    runs = LivingRuns()

    async def begin(command: list[str], **options: Any) -> str:
        options["task_status_handler"](Process(7))
        return command[0]

    pipe = os.dup(runs.tells)
    runs.begun()
    os.close(runs._told)
    assert asyncio.run(tell(begin, pipe)(["done"], task_status_handler=lambda process: process)) == "done"
    os.close(pipe)
