"""`make bench-shares`: 3,000 mails shared by three processes, one of them killed amid its work.

The ledger is in PostgreSQL where MAILROOM_TEST_POSTGRES_URL names one, else in SQLite. Every mail must have one
COMPLETED outcome. No answer that was already recorded may have been asked for again. The last line is JSON.

    python -m tests.benchmarks.bench_shares --mails 3000
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.processes_watched import client_environment, machine, prefect_server, simulator
from tests.flows.sharing import WORKERS, share
from tests.services.ledgers import postgres_ledger

_LATENCY_MS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=3_000)
    mails = parser.parse_args().mails
    with tempfile.TemporaryDirectory() as name, _ledger(Path(name)) as ledger_url:
        home = Path(name)
        with prefect_server(home) as server, simulator("--latency-ms", str(_LATENCY_MS)) as simulated:
            limits = {"OPENAI_RPM": "1000000", "OPENAI_TPM": "1000000000", "PREFECT_LOGGING_LEVEL": "ERROR"}
            environment = client_environment(home, server, simulated, **limits)
            found = share(home, ledger_url, environment, lambda: simulated.stats()["total"]["answered"], mails)
    kind = ledger_url.partition(":")[0].partition("+")[0]
    rate = round(mails / found.seconds, 1)
    figures = {"mails": mails, "processes": WORKERS, "killed": 1, "ledger": kind, **asdict(found), "mails_per_s": rate}
    table = Table("figure", "value", title="One source shared by processes, one of them killed")
    for figure, value in figures.items():
        table.add_row(figure, str(value))
    Console().print(table)
    print(json.dumps({**figures, **machine()}))
    if found.lost or found.doubled or found.answers_asked_again or found.paid_and_lost > found.unfinished_calls:
        raise SystemExit("A mail or an answer was lost or doubled.")


def _ledger(folder: Path) -> AbstractContextManager[str]:
    server = os.environ.get("MAILROOM_TEST_POSTGRES_URL")
    return postgres_ledger(server) if server else nullcontext(f"sqlite:///{folder / 'ledger.db'}")


if __name__ == "__main__":
    main()
