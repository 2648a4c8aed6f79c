"""The sample mailbox read by a real model on an OpenAI-compatible server, to see what our own simulator cannot show.

Run by `make real-llm` with `MAILROOM_REAL_LLM`, the server's address, such as http://127.0.0.1:8080/v1; `LOCAL_*` and
`MAILROOM_*` count as they do for `mailroom run`. It ends with 1 if a mail is not settled, if one failed by a bound, a
fence or an ending, or if the provider's circuit was opened. The outcomes are left to be read; the last line is JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, select

from tasks.categories import DEFAULT_CATEGORIES
from tasks.doubts import kind_of
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import read_run
from tasks.ledger.schema import breakers, completions

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "deployments" / "demo" / "sample_mailbox"
SETTLED = {"COMPLETED", "FAILED", "SKIPPED"}
MAIN = "from deployments.cli.main import main; main()"


def main() -> int:
    address = os.environ.get("MAILROOM_REAL_LLM", "").rstrip("/")
    if not address:
        print("Set MAILROOM_REAL_LLM to the address of a server, such as http://127.0.0.1:8080/v1.", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="mailroom-real-llm-"))
    model = os.environ.get("LOCAL_MODEL") or model_of(address)
    ended = read_sample(folder, address, model)
    ledger = f"sqlite:///{folder / 'data' / 'ledger.db'}"
    rows, engine = read_run(ledger, ended["run_id"]), open_ledger(ledger)
    found = {"model": model, **figures(rows, engine)}
    for row in rows:
        print(line_of(row))
    print(f"\nOutcomes: {folder / 'out'}\n")
    print(json.dumps(found))
    return int(bool(found["unsettled"] or found["validation_errors"] or found["circuit_opened"]))


def model_of(address: str) -> str:
    """The first model that the server serves."""
    with urllib.request.urlopen(f"{address}/models", timeout=30) as reply:
        return str(json.load(reply)["data"][0]["id"])


def read_sample(folder: Path, address: str, model: str) -> dict[str, Any]:
    """What `mailroom run --json` says of a dry run over the sample mailbox, in a ledger of its own."""
    own = {
        "MAILROOM_PROVIDER": "local", "LOCAL_BASE_URL": address, "LOCAL_MODEL": model, "PYTHONPATH": str(ROOT),
        "MAILROOM_DATA_DIR": str(folder / "data"), "MAILROOM_OUTPUT_DIR": str(folder / "out"),
    }  # fmt: skip
    command = [sys.executable, "-c", MAIN, "run", str(SAMPLE), "--dry-run", "--json"]
    try:
        done = subprocess.run(command, cwd=folder, env={**os.environ, **own}, stdout=subprocess.PIPE, check=False)
    finally:
        stop = [sys.executable, "-c", MAIN, "demo", "--stop"]
        subprocess.run(stop, cwd=folder, env={**os.environ, **own}, stdout=subprocess.DEVNULL, check=False)
    ended: dict[str, Any] = json.loads(done.stdout)
    return ended


def figures(rows: list[dict[str, Any]], engine: Engine) -> dict[str, Any]:
    """What the run came to: mails, answers, doubts and times."""
    with engine.begin() as connection:
        calls = list(connection.execute(select(completions).order_by(completions.c.begun_at)))
        circuits = list(connection.execute(select(breakers)))
    asked: dict[tuple[str, str], list[str]] = {}
    for call in calls:
        asked.setdefault((call.message_key, call.question), []).append(call.error_code or call.state)
    ends = [states for states in asked.values() if states]
    categories = Counter(row["category"] for row in rows if row["category"])
    return {
        "mails": len(rows),
        "statuses": Counter(row["status"] for row in rows),
        "unsettled": sum(row["status"] not in SETTLED for row in rows),
        "errors": Counter(row["error_type"] for row in rows if row["error_type"]),
        "validation_errors": sum(row["error_type"] == "VALIDATION_ERROR" and bool(row["calls"]) for row in rows),
        "questions": len(ends),
        "valid_at_first": sum(states[0] == "done" for states in ends),
        "repaired": sum(states[0] == "VALIDATION_ERROR" and states[-1] == "done" for states in ends),
        "doubts": Counter(kind_of(doubt) for row in rows for doubt in row["doubts"]),
        "doubted_mails": sum(bool(row["doubts"]) for row in rows),
        "categories": {name: categories[name] for name in DEFAULT_CATEGORIES.names},
        "seconds_a_call": round(median([call.ended_at - call.begun_at for call in calls if call.ended_at] or [0]), 1),
        "seconds_a_mail": round(median([row["seconds"] for row in rows if row["calls"]] or [0]), 1),
        "tokens_in": sum(call.input_tokens for call in calls),
        "tokens_out": sum(call.output_tokens for call in calls),
        "circuit_opened": sum(one.state != "closed" or bool(one.cause) for one in circuits),
    }


def line_of(row: dict[str, Any]) -> str:
    """One mail in a line or a few, for a person who reads the answers."""
    head = f"{row['id']}: {row['status']} {row['category'] or row['error_type'] or ''} {','.join(row['doubts'])}"
    said = [row["error"] or row["reason"], row["summary"], row["translation"], *row["replies"]]
    said += [f"{item['text']} | {item['owner']} | {item['due']} | {item['quote']}" for item in row["action_items"]]
    return "\n    ".join([head.rstrip(), *(text.replace("\n", " ") for text in said if text)])


if __name__ == "__main__":
    sys.exit(main())
