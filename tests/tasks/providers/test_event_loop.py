"""The one event loop of a process for all provider calls."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.providers.event_loop import ModelLoop, on_model_loop


async def where() -> tuple[int, str]:
    return id(asyncio.get_running_loop()), threading.current_thread().name


def test_all_threads_share_one_loop() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: on_model_loop(where()), range(8)))
    assert len(found) == 1
    assert found.pop()[1] == "mailroom-models"


def test_the_loops_own_thread_is_refused_as_it_would_wait_for_itself() -> None:
    async def nested() -> None:
        on_model_loop(where())

    with pytest.raises(RuntimeError, match="await the coroutine there instead"):
        on_model_loop(nested())


def test_what_a_call_raises_is_raised_where_it_was_asked_for() -> None:
    async def broken() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        on_model_loop(broken())


def test_stopping_ends_what_runs_and_then_closes_what_was_opened() -> None:
    done: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            done.append("ended")
            raise

    async def closes(name: str) -> None:
        done.append(name)

    async def start() -> asyncio.Task[None]:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        return task

    loop = ModelLoop()
    loop.at_close(lambda: closes("first"))
    loop.at_close(lambda: closes("second"))
    loop.run(start())
    loop.stop()
    loop.stop()
    assert done[0] == "ended"
    assert set(done[1:]) == {"first", "second"}
    assert loop.loop.is_closed()


FORKS = """
import asyncio, os
from tasks.providers.event_loop import model_loop, on_model_loop
on_model_loop(asyncio.sleep(0))
child = os.fork()
on_model_loop(asyncio.sleep(0))
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    # In a process of its own, since a fork of this one would take other tests' threads and servers along.
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", FORKS], cwd=root, check=True, timeout=60)
