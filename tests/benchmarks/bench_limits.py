"""Three processes share one provider's limits: how much of them is used, and how often the provider refuses.

Run by `make bench-limits`. The provider is llmock. Like real providers it keeps a quota of requests and of tokens. It
counts a request's tokens by its size and by the longest answer it allows, and refuses what exceeds the quota. The
questions differ in length, so that sometimes the one limit binds and sometimes the other.

In a second minute the provider counts 30 % more tokens than it tells, and most of a minute's quota is used up when it
begins, as if others had the same key: who goes by what is told is refused. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from llmock.chaos import ChaosSettings
from llmock.journal import RequestRecord
from llmock.ratelimit import Admission, LimitSettings, RateLimiter, requested_tokens
from llmock.scenarios import Reply
from llmock.testing import LLMockServer
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RPM, TPM = 600, 60_000
PROCESSES = 3
LATENCY_MS = 100
WARM_UP_S = 10.0
COUNTED = 1.3
USED_BEFORE = 0.95


class Miscounting(RateLimiter):
    """Counts a multiple of the tokens that a request has, from a quota of which others have used a part."""

    def __init__(self, counted: float) -> None:
        super().__init__()
        self._counted = counted
        self._begun: set[str] = set()

    def admit(self, provider: str, key: str, tokens: int) -> Admission:
        if key not in self._begun:
            self._begun.add(key)
            super().admit(provider, key, round(TPM * USED_BEFORE))
        return super().admit(provider, key, round(tokens * self._counted))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    told = measured(RateLimiter(), seconds, 1.0)
    miscounted = measured(Miscounting(COUNTED), seconds, COUNTED)
    table = Table("limits", "as told", f"{COUNTED:g} times as many tokens counted")
    for name in told:
        table.add_row(name, f"{told[name]:,}", f"{miscounted[name]:,}")
    Console(width=100).print(table)
    figures = told | {f"miscounted_{name}": value for name, value in miscounted.items()}
    sys.stdout.write(json.dumps(figures | {"processes": PROCESSES, "seconds": seconds}) + "\n")


def measured(limiter: RateLimiter, seconds: float, counted: float) -> dict[str, float]:
    server = LLMockServer(chaos=ChaosSettings(latency_ms=LATENCY_MS))
    server.start()
    try:
        server.state.limiter = limiter
        limiter.configure(LimitSettings(rpm=RPM, tpm=TPM))
        server.state.scenarios.add(Reply(text='{"category": "SUPPORT"}', times=None))
        began = ask_from_everywhere(server, seconds)
        records = server.state.journal.records(wait=2.0)
    finally:
        server.stop()
    within = [one for one in records if began <= one.started_at < began + seconds]
    return figures_of(within, records, seconds, counted)


def ask_from_everywhere(server: LLMockServer, seconds: float) -> float:
    """When the measured time began, by the monotonic clock, once all clients have ended."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MAILROOM_"))},
            "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.base_url("openai"), "OPENAI_RPM": str(RPM),
            "OPENAI_TPM": str(TPM), "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        clients = [
            subprocess.Popen(
                [sys.executable, str(HERE / "limited_client.py"), f"sqlite:///{folder}/ledger.db", str(seed)],
                cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for seed in range(PROCESSES)
        ]  # fmt: skip
        for client in clients:
            assert client.stdout is not None
            client.stdout.readline()  # it has imported everything
        began, until = time.monotonic() + WARM_UP_S, time.time() + WARM_UP_S + seconds + 1
        for client in clients:
            assert client.stdin is not None
            client.stdin.write(f"{until}\n")
            client.stdin.close()
        for client in clients:
            client.wait()
        if any(client.returncode for client in clients):
            raise SystemExit("A client failed.")
    return began


def figures_of(
    within: Sequence[RequestRecord], everything: Sequence[RequestRecord], seconds: float, counted: float
) -> dict[str, float]:
    """Shares of what the limits allow in that time; refusals of all times."""
    answered = [one for one in within if one.status == 200]
    tokens = counted * sum(
        requested_tokens(one.body, len(json.dumps(one.body, separators=(",", ":")))) for one in answered
    )
    requests, tokens = len(answered) / (RPM * seconds / 60), tokens / (TPM * seconds / 60)
    return {
        "used_share": round(max(requests, tokens), 4),
        "request_share": round(requests, 4),
        "token_share": round(tokens, 4),
        "avoidable_429": sum(one.status == 429 for one in everything),
    }


if __name__ == "__main__":
    main()
