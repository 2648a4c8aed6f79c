"""`make bench-ingest`: speed and memory of reading an mbox, compared with a library and the standard library.

Each measurement is a process of its own, by turns; the small size is read three times by all ways, medians count. Rates
are mails a second of CPU, of one core, helpers included: other work on the machine does not change them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.ordinary_mails import write_mbox

ROOT = Path(__file__).resolve().parents[2]
SIZES = (1_000, 10_000, 50_000)
ROUNDS = 3
WARM_UP = 200
WAYS = {
    "ingest": "ingest: read, row, ledger, claim, frame",
    "parse": "read_mail alone",
    "library": "mail-parser",
    "plain": "standard library: subject, from, body",
}


def measured(way: str, mbox: Path) -> dict[str, Any]:
    """Return what one process found."""
    with tempfile.TemporaryDirectory() as folder:
        write_mbox(Path(folder) / "warm-up.mbox", WARM_UP, seed=99)
        run = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.ingest_client", way, str(mbox), folder],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if run.returncode:
        raise SystemExit(f"{way} failed:\n{run.stderr[-2_000:]}")
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of these runs."""
    return {name: median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="the largest mbox")
    sizes = [size for size in SIZES if size <= parser.parse_args().most]
    found: dict[tuple[str, int], dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            mbox = Path(folder) / f"{size}.mbox"
            write_mbox(mbox, size, seed=size)
            ways, rounds = (list(WAYS), ROUNDS) if size == sizes[0] else (["ingest", "parse"], 1)
            runs = [{way: measured(way, mbox) for way in ways} for _ in range(rounds)]
            found |= {(way, size): middle([run[way] for run in runs]) for way in ways}
            kb = mbox.stat().st_size / size / 1024
            mbox.unlink()
    report(found, sizes, kb)


def report(found: dict[tuple[str, int], dict[str, Any]], sizes: list[int], kb: float) -> None:
    table = Table("way", "mails", "mails/s of CPU", "mails/s", "ms of CPU a mail", "peak MB")
    table.title = f"Reading an mbox of ordinary mails, {kb:.1f} kB each on average"
    for (way, size), one in found.items():
        table.add_row(
            WAYS[way], f"{size:,}", f"{one['mails'] / one['cpu_s']:,.0f}", f"{one['mails'] / one['seconds']:,.0f}",
            f"{one['cpu_s'] / one['mails'] * 1000:.2f}", f"{one['peak_kb'] / 1024:,.0f}",
        )  # fmt: skip
    Console(width=160).print(table)
    few, many = found["ingest", sizes[0]], found["ingest", sizes[-1]]
    # The first size may not fill the memory that is then used again and again, so growth is counted from the second.
    second = found["ingest", sizes[min(1, len(sizes) - 1)]]
    more = many["mails"] - second["mails"]

    def rate(way: str) -> float:
        one = found[way, sizes[0]]
        return round(float(one["mails"] / one["cpu_s"]), 1)

    figures = {
        "mails_per_s": round(many["mails"] / many["cpu_s"], 1),
        "mails_per_s_elapsed": round(many["mails"] / many["seconds"], 1),
        "kb_per_mail": round((many["peak_kb"] - second["peak_kb"]) / more, 3) if more else None,
        "linearity": round((many["cpu_s"] / many["mails"]) / (few["cpu_s"] / few["mails"]), 3),
        "peak_mb": round(many["peak_kb"] / 1024, 1),
        "read_mails_per_s": rate("parse"),
        "read_ratio": round(rate("parse") / rate("library"), 2),
        "mail_parser_mails_per_s": rate("library"),
        "standard_library_mails_per_s": rate("plain"),
        "sizes": sizes,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
