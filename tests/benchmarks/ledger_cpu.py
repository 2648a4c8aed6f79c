"""Measures the ledger's CPU time in this process: its writer's thread, and its functions in other threads."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tasks.ledger

WRITER = "ledger-writer"


class LedgerCpu:
    """Watches the plain public functions of `tasks.ledger`; to be made before anything imports them by name.

    What its coroutines take on the model loop is not counted: they do nothing but hand over to the writer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._elsewhere_s = 0.0
        self._inside = threading.local()
        for found in pkgutil.iter_modules(tasks.ledger.__path__):
            if found.name != "migrations":
                self._watch(importlib.import_module(f"tasks.ledger.{found.name}"))

    def seconds(self) -> float:
        """CPU seconds so far."""
        writers = [thread.native_id for thread in threading.enumerate() if thread.name == WRITER]
        return self._elsewhere_s + sum(_thread_s(number) for number in writers if number is not None)

    def _watch(self, module: Any) -> None:
        for name, value in vars(module).items():
            is_plain = inspect.isfunction(value) and not inspect.iscoroutinefunction(value)
            is_own = not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
            if is_plain and is_own and not inspect.isgeneratorfunction(value) and _takes_an_engine(value):
                setattr(module, name, self._watched(value))

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            # Inside another watched function, or in the writer's thread, it is counted already.
            if getattr(self._inside, "yes", False) or threading.current_thread().name == WRITER:
                return function(*args, **kwargs)
            self._inside.yes, began = True, time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self._inside.yes = False
                with self._lock:
                    self._elsewhere_s += time.thread_time() - began

        return watched


def _takes_an_engine(function: Callable[..., Any]) -> bool:
    """Return whether the function works with the database.

    Others are not timed, because timing them would cost more than they do.
    """
    return next(iter(inspect.signature(function).parameters), "") in ("engine", "ledger_url")


def _thread_s(number: int) -> float:
    """CPU seconds of a thread of this process; proc(5), schedstat: nanoseconds on the CPU come first."""
    return int(Path(f"/proc/self/task/{number}/schedstat").read_text().split()[0]) / 1e9
