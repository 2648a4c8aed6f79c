"""Three processes share one provider's limits: how much of them is used, and how often the provider refuses.

Run by `make bench-limits`. The provider is llmock. Like real providers it keeps a quota of requests and of tokens. It
counts a request's tokens by its size and by the longest answer it allows, and refuses what exceeds the quota. The
questions differ in length, so that sometimes the one limit binds and sometimes the other. The last line is JSON.
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
from llmock.ratelimit import LimitSettings, requested_tokens
from llmock.scenarios import Reply
from llmock.testing import LLMockServer
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RPM, TPM = 600, 60_000
PROCESSES = 3
LATENCY_MS = 100
WARM_UP_S = 5.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    server = LLMockServer(chaos=ChaosSettings(latency_ms=LATENCY_MS))
    server.start()
    try:
        server.state.limiter.configure(LimitSettings(rpm=RPM, tpm=TPM))
        server.state.scenarios.add(Reply(text='{"category": "SUPPORT"}', times=None))
        began = ask_from_everywhere(server, seconds)
        records = server.state.journal.records(wait=2.0)
    finally:
        server.stop()
    report([one for one in records if began <= one.started_at < began + seconds], records, seconds)


def ask_from_everywhere(server: LLMockServer, seconds: float) -> float:
    """When the measured time began, by the monotonic clock, once all clients have ended."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MAILROOM_"))},
            "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.base_url("openai"), "OPENAI_RPM": str(RPM),
            "OPENAI_TPM": str(TPM), "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        # All of them start asking at the same time, once they are sure to have started.
        start = time.time() + 12.0
        config = {"ledger": f"sqlite:///{folder}/ledger.db", "start": start, "until": start + WARM_UP_S + seconds + 1}
        clients = [
            subprocess.Popen(
                [sys.executable, str(HERE / "limited_client.py"), json.dumps({**config, "seed": seed})],
                cwd=folder, env=environment,
            )
            for seed in range(PROCESSES)
        ]  # fmt: skip
        codes = [client.wait() for client in clients]
        if any(codes):
            raise SystemExit("A client failed.")
    return time.monotonic() - (time.time() - start) + WARM_UP_S


def report(measured: Sequence[RequestRecord], everything: Sequence[RequestRecord], seconds: float) -> None:
    answered = [one for one in measured if one.status == 200]
    tokens = sum(requested_tokens(one.body, len(json.dumps(one.body, separators=(",", ":")))) for one in answered)
    request_share = len(answered) / (RPM * seconds / 60)
    token_share = tokens / (TPM * seconds / 60)
    refused = sum(one.status == 429 for one in everything)
    rows = {
        "processes": PROCESSES,
        "seconds": seconds,
        "requests answered": f"{len(answered)} of {RPM * seconds / 60:.0f} ({request_share:.1%})",
        "tokens counted by the provider": f"{tokens} of {TPM * seconds / 60:.0f} ({token_share:.1%})",
        "refused with 429": refused,
    }
    table = Table("limits", "")
    for name, value in rows.items():
        table.add_row(name, str(value))
    console = Console(width=100)
    console.print(table)
    figures = {
        "used_share": round(max(request_share, token_share), 4), "request_share": round(request_share, 4),
        "token_share": round(token_share, 4), "avoidable_429": refused,
    }  # fmt: skip
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
