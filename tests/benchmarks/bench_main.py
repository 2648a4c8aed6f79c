"""`make bench`: compares the main job with plain use of the SDK, over the same generated mails, on the simulator.

Both sides ask two questions a mail, the same number in flight, each in a process of its own, by turns; the figures are
medians of the rounds. The simulator takes 50 ms to answer; Prefect's server is the project's own.

    python -m tests.benchmarks.bench_main --mails 1000 --rounds 3
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.processes_watched import (
    PrefectServer,
    Simulated,
    client_environment,
    machine,
    prefect_server,
    run_client,
    simulator,
)

IN_FLIGHT = 50
LATENCY_MS = 50
# Two memory runs, so that the growth a mail can be told from what is always there.
FEW, MANY = 2_000, 10_000
PROCESSES = 2
GOALS = {
    "cpu_ratio": "≤ 0.50",
    "rate_ratio": "≥ 1.7",
    "cores_ratio": "≥ 1.9",
    "server_ms_per_mail": "≤ 0.5",
    "connections": f"≤ {IN_FLIGHT}",
    "peak_mb": "≤ 250",
    "kb_per_mail": "≤ 2",
    "fixed_s": "≤ 0.3",
    "ledger_share": "≤ 0.05",
}


class Bench:
    """The rounds, over one server and one simulator."""

    def __init__(self, home: Path, server: PrefectServer, simulated: Simulated) -> None:
        self._server = server
        self._simulated = simulated
        self._environment = client_environment(
            home, server, simulated, MAILROOM_CONCURRENCY=str(IN_FLIGHT), PREFECT_LOGGING_LEVEL="WARNING"
        )
        # As many calls in flight over all processes.
        self._of_runner = {
            "threads": {},
            "processes": {
                "MAILROOM_TASK_RUNNER": "processes", "MAILROOM_CHUNK_WORKERS": str(PROCESSES),
                "MAILROOM_CONCURRENCY": str(IN_FLIGHT // PROCESSES),
            },
        }  # fmt: skip

    def by_hand(self, mails: int, seed: int) -> dict[str, Any]:
        """One round of the SDK's own."""
        self._simulated.reset()
        return run_client("sdk_client", {"mails": mails, "seed": seed, "in_flight": IN_FLIGHT}, self._environment)

    def by_flow(self, mails: int, seed: int, runner: str = "threads") -> dict[str, Any]:
        """One round of the flow, with what it made the server and the simulator do."""
        config = {"mails": mails, "seed": seed, "simulator": self._simulated.url}
        self._server.wait_until_idle()
        environment = self._environment | self._of_runner[runner] | {"BENCH_SERVER_PID": str(self._server.pid)}
        found = run_client("flow_client", config, environment)
        asked = self._simulated.stats()["total"]
        # Its start is told by the client, so that the two small runs before are not counted in.
        began_cpu, began_at = found["server_cpu_s"], found["began_at"]
        self._server.wait_until_idle()
        server_s = self._server.cpu_beyond_idle_s(began_cpu, began_at)
        task_runs = self._server.task_runs(found["flow_run_id"])
        return found | {
            "calls": asked["answered"], "connections": asked["connections"], "server_s": server_s,
            "task_runs": task_runs,
        }  # fmt: skip


def main() -> None:
    """Run the benchmark and print a table and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-memory", action="store_true", help="leave the two longer runs out")
    options = parser.parse_args()
    here = machine()
    with (
        tempfile.TemporaryDirectory() as home,
        simulator("--latency-ms", str(LATENCY_MS)) as simulated,
        prefect_server(Path(home)) as server,
    ):
        server.learn_idle_share()
        bench = Bench(Path(home), server, simulated)
        hand, flow, cores = [], [], []
        for seed in range(options.rounds):
            hand.append(bench.by_hand(options.mails, seed))
            flow.append(bench.by_flow(options.mails, seed))
            cores.append(bench.by_flow(options.mails, seed, "processes"))
            _tell_round(seed, {"by hand": hand[-1], "process-mail": flow[-1], f"{PROCESSES} processes": cores[-1]})
        memory = {} if options.without_memory else _memory(bench)
    figures = _figures(options.mails, hand, flow, cores) | memory
    _print_table(figures)
    print(json.dumps(figures | {"machine": here}))


def _memory(bench: Bench) -> dict[str, Any]:
    few, many = (bench.by_flow(mails, 100 + mails)["peak_mb"] for mails in (FEW, MANY))
    return {"peak_mb": round(few, 1), "kb_per_mail": round((many - few) * 1024 / (MANY - FEW), 2)}


Rounds = list[dict[str, Any]]


def _figures(mails: int, hand: Rounds, flow: Rounds, cores: Rounds) -> dict[str, Any]:
    def cpu_ms(one: dict[str, Any]) -> float:
        return float(1_000 * one["cpu_s"] / one["calls"])

    def rate(one: dict[str, Any]) -> float:
        return float(one["calls"] / one["wall_s"])

    return {
        "cpu_ratio": round(median(map(cpu_ms, flow)) / median(map(cpu_ms, hand)), 3),
        "rate_ratio": round(median(map(rate, flow)) / median(map(rate, hand)), 3),
        "cores_ratio": round(median(map(rate, cores)) / median(map(rate, hand)), 3),
        "server_ms_per_mail": round(median(1_000 * one["server_s"] / mails for one in flow), 3),
        "task_runs": max(one["task_runs"] for one in flow),
        "connections": max(one["connections"] for one in flow),
        "fixed_s": round(median(one["fixed_s"] for one in flow), 2),
        "ledger_share": round(median(one["ledger_s"] / one["cpu_s"] for one in flow), 3),
        "mails": mails,
        "rounds": len(flow),
        "mails_per_s": round(median(mails / one["wall_s"] for one in flow), 1),
        "calls_per_s": round(median(map(rate, flow)), 1),
        "calls_per_s_of_processes": round(median(map(rate, cores)), 1),
        "calls_per_s_by_hand": round(median(map(rate, hand)), 1),
        "cpu_ms_per_call": round(median(map(cpu_ms, flow)), 3),
        "cpu_ms_per_call_by_hand": round(median(map(cpu_ms, hand)), 3),
        "calls": flow[0]["calls"],
        "calls_by_hand": hand[0]["calls"],
    }


def _tell_round(seed: int, sides: dict[str, dict[str, Any]]) -> None:
    parts = [
        f"{name}: {one['calls'] / one['wall_s']:.0f} calls/s, {1_000 * one['cpu_s'] / one['calls']:.2f} ms CPU a call"
        for name, one in sides.items()
    ]
    print(f"round {seed + 1}   " + "   ".join(parts), flush=True)


def _print_table(figures: dict[str, Any]) -> None:
    table = Table(
        title=f"process-mail, {figures['mails']:,} mails, {IN_FLIGHT} calls in flight, {LATENCY_MS} ms latency"
    )
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("wanted")
    for name, value in figures.items():
        table.add_row(name, f"{value:,}", GOALS.get(name, ""))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
