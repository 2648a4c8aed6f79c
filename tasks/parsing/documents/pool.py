"""The processes that open documents, as seen from this one: started when first needed, reused, replaced when lost."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import Any

from tasks.parsing.documents.found import Bounds, DocumentContent, DocumentLost, NotOpened
from tasks.parsing.documents.process import read_frame, write_frame

MEMORY_BYTES = 1_000_000_000
PROCESSES = 2
# Libraries keep memory; a process is replaced before that could fail an innocent document.
DOCUMENTS_A_PROCESS = 500
# Real time per CPU time: a busy machine must not make documents unreadable.
PATIENCE = 10


class Lost(Exception):
    """The process ended before it answered."""


class ReaderProcess:
    """One process."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        # The process gets only the path of the code from our environment. A document that takes it over finds no key.
        environment = {"PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path), "OPENPYXL_LXML": "False",
                       "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tasks.parsing.documents.process", str(memory_bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        self.left = DOCUMENTS_A_PROCESS

    def ask(self, header: dict[str, Any], data: bytes, wait_s: float) -> tuple[dict[str, Any], list[bytes]]:
        """Return the process's answer; raise `Lost` where there is none in time."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.left -= 1
        watchdog = threading.Timer(wait_s, self.process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_frame(self.process.stdin, header, [data])
            frame = read_frame(self.process.stdout)
        except OSError:
            frame = None
        finally:
            watchdog.cancel()
        if frame is None:
            raise Lost
        if frame[0].get("last"):
            self.left = 0
        return frame

    def close(self) -> None:
        """End the process and wait for its end."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                continue  # what was still to be written has nobody to read it


class Pool:
    """At most `PROCESSES` readers; callers from more threads wait for one."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.idle: list[ReaderProcess] = []
        self.lock = threading.Lock()
        self.free = threading.BoundedSemaphore(PROCESSES)

    def open(self, reader: str, data: bytes, bounds: Bounds) -> tuple[DocumentContent, float]:
        """Return what a document holds and the CPU seconds that took.

        Raises:
            NotOpened: It cannot be read within the bounds.
        """
        request = {"reader": reader, "bounds": asdict(bounds)}
        with self.free:
            process = self.take()
            try:
                header, parts = process.ask(request, data, 5 + PATIENCE * bounds.seconds)
            except Lost:
                process.close()
                raise DocumentLost(f"opening it ended its reader: more than {bounds.seconds:g} s, or damaged") from None
            except BaseException:
                process.close()
                raise
            self.put_back(process)
        if "reason" in header:
            raise NotOpened(header["reason"])
        files = list(zip(header["names"], parts[1:], strict=True))
        found = DocumentContent(
            text=parts[0].decode(), html=header["html"], listing=header["listing"], notes=header["notes"], files=files
        )
        return found, header["cpu_s"]

    def take(self) -> ReaderProcess:
        """Return an idle process that still lives, or a new one."""
        with self.lock:
            while self.idle:
                process = self.idle.pop()
                if process.process.poll() is None:
                    return process
                process.close()
        return ReaderProcess()

    def put_back(self, process: ReaderProcess) -> None:
        if process.left > 0:
            with self.lock:
                self.idle.append(process)
        else:
            process.close()

    def close(self) -> None:
        """End all processes that are idle."""
        with self.lock:
            readers, self.idle = self.idle, []
        for reader in readers:
            reader.close()


_pool: Pool | None = None
_starting = threading.Lock()


def open_document(reader: str, data: bytes, bounds: Bounds) -> tuple[DocumentContent, float]:
    """Return what a document holds and the CPU seconds that took; `reader` is a module of this package.

    Raises:
        NotOpened: It cannot be read within the bounds.
    """
    global _pool
    with _starting:
        if _pool is None or _pool.owner != os.getpid():  # a forked process must not share its parent's pipes
            _pool = Pool()
        pool = _pool
    return pool.open(reader, data, bounds)


@atexit.register
def end_readers() -> None:
    """End the processes that are idle; the next document starts one again."""
    if _pool is not None and _pool.owner == os.getpid():
        _pool.close()
