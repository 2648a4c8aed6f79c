"""Which runs of a worker live: the worker's process tells it, line by line, through a pipe that it was started with.

Looking for its children instead would need /proc, which only Linux has, and not every container of it shows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_OPTION = "--tells="


class LivingRuns:
    """The process ids of a worker's living runs, as the worker tells them."""

    def __init__(self) -> None:
        self._told, self.tells = os.pipe()
        os.set_blocking(self._told, False)
        self._rest = b""
        self._living: set[int] = set()

    @property
    def option(self) -> str:
        """The first word of the worker's process's command line, which names its end of the pipe."""
        return f"{_OPTION}{self.tells}"

    def begun(self) -> None:
        """To be called when the worker's process has been started with `tells`, its end of the pipe."""
        os.close(self.tells)

    def now(self) -> frozenset[int]:
        """Those that have begun and not ended. After the worker's death, those of its last word."""
        while more := self._read():
            *lines, self._rest = (self._rest + more).split(b"\n")
            for line in lines:
                (self._living.add if line[:1] == b"+" else self._living.discard)(int(line[1:]))
        return frozenset(self._living)

    def _read(self) -> bytes:
        try:
            return os.read(self._told, 65_536)
        except BlockingIOError:
            return b""


def given_pipe(words: list[str]) -> int | None:
    """The pipe that this process was given by its first word, which is taken out of `words`; no child inherits it."""
    if not words or not words[0].startswith(_OPTION):
        return None
    pipe = int(words.pop(0).removeprefix(_OPTION))
    os.set_inheritable(pipe, False)
    return pipe


def tell(begin: Callable[..., Any], pipe: int) -> Callable[..., Any]:
    """`begin`, which starts runs as Prefect's `run_process` does, and tells of each when it begins and has ended."""

    def say(sign: bytes, pid: int) -> None:
        with suppress(BrokenPipeError):  # nobody listens any more
            os.write(pipe, b"%b%d\n" % (sign, pid))

    async def run(command: list[str], **options: Any) -> Any:  # noqa: ANN401  # as Prefect's own
        handle, pids = options["task_status_handler"], []

        def begun(process: Any) -> Any:  # noqa: ANN401
            pids.append(process.pid)
            say(b"+", process.pid)
            return handle(process)

        try:
            return await begin(command, **{**options, "task_status_handler": begun})
        finally:
            for pid in pids:
                say(b"-", pid)

    return run
