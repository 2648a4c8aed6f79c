"""`make bench-scale`: compares the cost of a mail in a small run and in a big one. All mails differ.

python -m tests.benchmarks.bench_scale --mails 50000
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.benchmarks.bench_main import LATENCY_MS, Bench
from tests.benchmarks.processes_watched import machine, prefect_server, simulator

FEW = 1_000
ROUNDS = 2


def main() -> None:
    """Run the benchmark and print a table and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=50_000, help="mails of the big run")
    parser.add_argument("--runner", choices=("threads", "processes"), default="threads")
    options = parser.parse_args()
    many, runner = options.mails, options.runner
    here = machine()
    with (
        tempfile.TemporaryDirectory() as home,
        simulator("--latency-ms", str(LATENCY_MS)) as simulated,
        prefect_server(Path(home)) as server,
    ):
        server.learn_idle_share()
        bench = Bench(Path(home), server, simulated)
        # Small runs on both sides of the big one: a machine that gets busier or quieter meanwhile favours neither.
        small = [bench.by_flow(FEW, seed, runner) for seed in range(ROUNDS)]
        big = bench.by_flow(many, ROUNDS, runner)
        small += [bench.by_flow(FEW, ROUNDS + 1 + seed, runner) for seed in range(ROUNDS)]
    wall, cpu = median(one["wall_s"] for one in small) / FEW, median(one["cpu_s"] for one in small) / FEW
    figures = {
        "linearity": round(big["wall_s"] / many / wall, 3),
        "cpu_linearity": round(big["cpu_s"] / many / cpu, 3),
        "mails": many,
        "runner": runner,
        "ms_per_mail": round(1_000 * big["wall_s"] / many, 3),
        "ms_per_mail_at_1000": round(1_000 * wall, 3),
        "cpu_ms_per_mail": round(1_000 * big["cpu_s"] / many, 3),
        "cpu_ms_per_mail_at_1000": round(1_000 * cpu, 3),
        "peak_mb": round(big["peak_mb"], 1),
        "task_runs": big["task_runs"],
        "connections": big["connections"],
    }
    table = Table(title=f"process-mail, {many:,} mails beside {FEW:,}")
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("wanted")
    for name, value in figures.items():
        table.add_row(name, value if isinstance(value, str) else f"{value:,}", "≤ 1.05" if name == "linearity" else "")
    Console(width=100).print(table)
    print(json.dumps(figures | {"machine": here}))


if __name__ == "__main__":
    main()
