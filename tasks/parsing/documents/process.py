"""The process that opens documents: reads requests at stdin, writes answers to stdout, ends when stdin does.

A frame is the length of a JSON header in 4 bytes, the header, and as many bytes as its `sizes` add up to.
"""

import importlib
import json
import os
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import IO, Any

from tasks.parsing.documents.found import Bounds, DocumentContent, NotOpened


def write_frame(stream: IO[bytes], header: dict[str, Any], parts: list[bytes]) -> None:
    """Write one frame."""
    head = json.dumps({**header, "sizes": [len(part) for part in parts]}).encode()
    stream.write(struct.pack(">I", len(head)) + head)
    for part in parts:
        stream.write(part)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]] | None:
    """Return one frame; None where the stream ended."""
    length = stream.read(4)
    if len(length) < 4:
        return None
    head = stream.read(struct.unpack(">I", length)[0])
    try:
        header: dict[str, Any] = json.loads(head)
    except ValueError:  # the other side died while it wrote
        return None
    parts = [stream.read(size) for size in header["sizes"]]
    return (header, parts) if [len(part) for part in parts] == header["sizes"] else None


def serve(header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the answer to one request: what was found, or why nothing was."""
    try:
        reader = importlib.import_module(f"tasks.parsing.documents.{header['reader']}")
        began = time.process_time()
        found = limited(reader.read, data, Bounds(**header["bounds"]))
        cpu_s = time.process_time() - began
    except NotOpened as reason:
        return {"reason": str(reason)}, []
    except MemoryError:
        return {"reason": "opening it takes more memory than is allowed", "last": True}, []
    except Exception as failure:  # bad documents make libraries fail in ways they don't name
        return {"reason": f"damaged: its reader failed ({type(failure).__name__})"}, []
    answer = {"html": found.html, "listing": found.listing, "notes": found.notes, "cpu_s": cpu_s}
    names = [name.encode("utf-8", "replace").decode() for name, _ in found.files]
    text = found.text.encode("utf-8", "replace")
    return {**answer, "names": names}, [text, *(content for _, content in found.files)]


def limited(read: Callable[[bytes, Bounds], DocumentContent], data: bytes, bounds: Bounds) -> DocumentContent:
    """Return what `read` returns; past its CPU seconds the system ends this process."""
    signal.setitimer(signal.ITIMER_PROF, bounds.seconds)
    try:
        return read(data, bounds)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main(memory_bytes: int) -> None:
    """Serve until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which closes our stdin when it ends
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not break the frames
    while frame := read_frame(sys.stdin.buffer):
        header, parts = frame
        answer, contents = serve(header, parts[0])
        write_frame(answers, answer, contents)
        if answer.get("last"):
            return


if __name__ == "__main__":
    main(int(sys.argv[1]))
