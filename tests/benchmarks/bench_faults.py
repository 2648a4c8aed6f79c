"""Reads mails through a provider that refuses, fails and disconnects, and checks that every token is in the book.

Run by `make bench-faults`. One request in five is refused with 429, one in twenty fails with 5xx, one in a hundred is
answered but cut off in the middle, which the provider bills and nobody can read. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import completions
from tests.benchmarks.faulty_proxy import FaultyProxy, Moods, faulty_proxy
from tests.benchmarks.processes_watched import simulator

ROOT = Path(__file__).resolve().parents[2]
MOODS = Moods(too_many=0.20, broken=0.05, cut=0.01, latency_s=0.05)
IN_FLIGHT = 50


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=1_000)
    mails = parser.parse_args().mails
    with simulator() as simulated, faulty_proxy(simulated.url, MOODS) as proxy, tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        began = time.perf_counter()
        ended = read_mails(proxy, url, mails)
        report(proxy, ended, *in_the_book(url), seconds=time.perf_counter() - began)


def read_mails(proxy: FaultyProxy, ledger_url: str, mails: int) -> dict[str, int]:
    """How many mails ended in which way."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MAILROOM_"))},
        "OPENAI_API_KEY": "sk-simulated", "OPENAI_BASE_URL": f"{proxy.url}/v1", "OPENAI_RPM": "600000",
        "OPENAI_TPM": "600000000", "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    config = {"ledger": ledger_url, "mails": mails, "seed": 1, "in_flight": IN_FLIGHT}
    command = [sys.executable, str(ROOT / "tests/benchmarks/reading_client.py"), json.dumps(config)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    ended: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return ended


def in_the_book(url: str) -> tuple[int, int]:
    """Tokens and answers that the ledger has."""
    tokens = func.sum(completions.c.input_tokens + completions.c.output_tokens)
    with open_ledger(url).begin() as connection:
        answers = connection.scalar(select(func.count()).where(completions.c.state == "done"))
        return int(connection.scalar(select(tokens)) or 0), int(answers or 0)


def report(proxy: FaultyProxy, ended: dict[str, int], ledger_tokens: int, answers: int, *, seconds: float) -> None:
    made = sum(proxy.made.values())
    rows = {
        "mails": sum(ended.values()),
        "ended as": ", ".join(f"{count} {name}" for name, count in sorted(ended.items())),
        "replies": ", ".join(f"{count} x {status}" for status, count in sorted(proxy.statuses.items())),
        "cut off in the middle of the answer": proxy.cuts,
        "answers made and billed by the provider": made,
        "answers in the ledger": answers,
        "tokens delivered by the provider": proxy.delivered_tokens,
        "tokens in the ledger": ledger_tokens,
        "seconds": f"{seconds:.1f}",
    }
    table = Table("faults", "")
    for name, value in rows.items():
        table.add_row(name, str(value))
    Console(width=110).print(table)
    figures = {
        "mails": sum(ended.values()), "settled": sum(ended.values()), "completed": ended.get("COMPLETED", 0),
        "paid_ratio": round(made / len(proxy.made), 4), "ledger_tokens": ledger_tokens,
        "mock_tokens": proxy.delivered_tokens,
    }  # fmt: skip
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
