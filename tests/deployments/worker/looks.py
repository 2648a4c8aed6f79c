"""A flow that tells what its process is like; run by a worker in tests."""

from __future__ import annotations

import os
import sqlite3
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from prefect import flow, task


@task
def work(_number: int) -> float:
    """What a run does with libraries that keep threads, locks and random numbers."""
    import numpy as np
    import pyarrow as pa

    ssl.create_default_context()
    with sqlite3.connect(":memory:") as ledger:
        ledger.execute("select 1")
    return float(np.ones((200, 200)).dot(np.ones((200, 200))).sum()) + pa.array(range(1000)).to_numpy().sum()


@flow
def look(variables: Sequence[str], until: str = "") -> dict[str, Any]:
    """Tell of this process; with `until`, once that file is there, whose neighbour `.pid` holds the process's id."""
    seen = {
        "pid": os.getpid(),
        "warm": "deployments.worker.preload" in sys.modules,
        "threads_at_first": threading.active_count(),
        "folder": os.getcwd(),
        "variables": {name: os.environ.get(name) for name in variables},
        "work": [one.result() for one in [work.submit(number) for number in range(4)]],
    }
    with ThreadPoolExecutor(2) as threads:
        seen["squares"] = list(threads.map(lambda number: number**2, range(4)))
    if until:
        Path(until + ".pid").write_text(str(os.getpid()))
        while not Path(until).exists():
            time.sleep(0.05)
    return seen
