"""From a post to an outcome, with everything real: receiver, Prefect server, worker and simulator, each a process.

Run by `make bench-realtime`. First one mail is posted into the idle system, then many in a minute, then as many at
once. When the run has settled some of these and works on others, Prefect's server is cut off for a minute while more
mail comes. The last line is JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from deployments.local import processes, server, worker
from deployments.local.prefect_env import enter, own_environment
from tests.benchmarks.bench_receiver import mail_of, start_simulator, wait_for

ROOT = Path(__file__).resolve().parents[2]
MAILS = int(os.environ.get("MAILROOM_BENCH_MAILS", "1000"))
MINUTE_S = 60.0
ALONE = 5
DOWN = 20
DOWN_S = 60.0
PATIENCE_S = 900.0


class System:
    """The processes, and what can be asked of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api_url = server.ensure_server(folder).api_url
        self.simulator, simulator_port = start_simulator(folder)
        base = f"http://127.0.0.1:{simulator_port}"
        own = {
            "PYTHONPATH": str(ROOT), "MAILROOM_DATA_DIR": str(folder / "data"), "OPENAI_API_KEY": "sk-simulated",
            "OPENAI_BASE_URL": f"{base}/v1", "MAILROOM_SIMULATOR_URL": base, "MAILROOM_OUTPUT_DIR": str(folder / "out"),
        }  # fmt: skip
        enter({**own_environment(folder, self.api_url), **own})
        self.run("register")
        deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--name", "process-mail/process-mail-inbox"]
        subprocess.run(deploy, cwd=ROOT, check=True, capture_output=True)
        worker.ensure_worker(folder, self.api_url, "mailroom")
        self.port = processes.free_port(0)
        command = [sys.executable, "-c", "from deployments.cli.main import main; main()", "receiver", "--port"]
        processes.spawn("receiver", [*command, str(self.port)], folder, os.environ, {})
        wait_for(self.port)

    def run(self, *words: str) -> None:
        code = "from deployments.cli.main import main; main()"
        subprocess.run([sys.executable, "-c", code, *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def post(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/webhooks/mail", mail_of(number), {"content-type": "message/rfc822"})
        assert connection.getresponse().status == 202
        connection.close()

    def outcomes(self) -> Counter[int]:
        """How many outcomes each mail has, by its number."""
        wanted = "select json_extract(row, '$.subject') from outcomes where status = 'COMPLETED'"
        with sqlite3.connect(f"file:{self.folder / 'data' / 'ledger.db'}?mode=ro", uri=True, timeout=30) as ledger:
            return Counter(int(subject.rpartition(" ")[2]) for (subject,) in ledger.execute(wanted))

    def in_work(self) -> int:
        """How many mails runs hold now."""
        wanted = "select count(*) from messages where state = 'PROCESSING'"
        with sqlite3.connect(f"file:{self.folder / 'data' / 'ledger.db'}?mode=ro", uri=True, timeout=30) as ledger:
            (working,) = ledger.execute(wanted).fetchone()
        return int(working)

    def wait(self, numbers: range) -> float:
        """How long it took until each of these has an outcome, or the patience was at its end."""
        began = time.monotonic()
        while not set(numbers) <= self.outcomes().keys() and time.monotonic() - began < PATIENCE_S:
            time.sleep(0.05)
        return time.monotonic() - began

    def runs(self) -> list[dict[str, object]]:
        with sqlite3.connect(f"file:{self.folder / 'prefect' / 'prefect.db'}?mode=ro", uri=True, timeout=30) as prefect:
            rows = prefect.execute(
                "select id, state_type, created from flow_run where auto_scheduled = 0 order by created"
            )
            return [{"id": run, "state": state, "created": created} for run, state, created in rows]

    def steps(self, posted: float) -> dict[str, float]:
        """When the newest run reached each step, in seconds after `posted`, once its mail has an outcome."""
        run = self.runs()[-1]
        with sqlite3.connect(f"file:{self.folder / 'prefect' / 'prefect.db'}?mode=ro", uri=True, timeout=30) as prefect:
            wanted = "select type, min(timestamp) from flow_run_state where flow_run_id = ? group by type"
            states = {kind: utc(at) for kind, at in prefect.execute(wanted, (run["id"],))}
        with sqlite3.connect(f"file:{self.folder / 'data' / 'ledger.db'}?mode=ro", uri=True, timeout=30) as ledger:
            ((asked, answered),) = ledger.execute(
                "select min(begun_at), max(ended_at) from completions where run_id = ?", (str(UUID(str(run["id"]))),)
            )
        found = {
            "run_created": utc(str(run["created"])), "picked_up": states["PENDING"], "begun": states["RUNNING"],
            "first_question": asked, "last_answer": answered,
        }  # fmt: skip
        return {name: at - posted for name, at in found.items()}

    def end(self) -> None:
        for name in ("receiver", worker.NAME, server.NAME):
            processes.end(self.folder, name)
        self.simulator.terminate()


def utc(moment: str) -> float:
    """What Prefect's database has, in seconds since 1970."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--idle-only", action="store_true", help="leave out the many mails and the outage")
    idle_only = parser.parse_args().idle_only
    system = System(Path(tempfile.mkdtemp(prefix="bench-realtime-")))
    try:
        figures: dict[str, object] = idle(system)
        if not idle_only:
            figures |= measure(system)
    finally:
        system.end()
    for name, value in figures.items():
        print(f"{name:22} {value}")
    print(json.dumps(figures))


def idle(system: System) -> dict[str, object]:
    """Medians of a mail posted into the idle system: to its outcome, and to each step on the way."""
    ends, steps = [], []
    for number in range(ALONE):
        posted = time.time()
        system.post(number)
        ends.append(system.wait(range(number, number + 1)))
        steps.append(system.steps(posted))
        time.sleep(20)  # idle again
    medians = {name: round(statistics.median(one[name] for one in steps), 2) for name in steps[0]}
    return {
        "idle_wait_s": medians["run_created"],
        "idle_outcome_s": round(statistics.median(ends), 2),
        "idle_steps_s": medians,
    }


def measure(system: System) -> dict[str, object]:
    """What becomes of many mails in a minute, and of many at once through an outage."""
    before = len(system.runs())
    began = time.monotonic()
    for count in range(MAILS):
        time.sleep(max(0.0, began + count * MINUTE_S / MAILS - time.monotonic()))
        system.post(ALONE + count)
    posting_s = time.monotonic() - began
    many_s = system.wait(range(ALONE + MAILS))
    runs = [run["state"] for run in system.runs()[before:]]
    outage = through_an_outage(system, range(ALONE + MAILS, ALONE + 2 * MAILS + DOWN))
    found = system.outcomes()
    return {
        "mails_in_a_minute": MAILS,
        "posting_s": round(posting_s, 1),
        "runs": sum(state != "CANCELLED" for state in runs),
        "runs_skipped": sum(state == "CANCELLED" for state in runs),
        "last_outcome_after_s": round(many_s, 1),
        **outage,
        "lost": ALONE + 2 * MAILS + DOWN - len(found),
        "doubled": sum(times > 1 for times in found.values()),
    }


def through_an_outage(system: System, numbers: range) -> dict[str, object]:
    """Return what was cut, and what came of it.

    Prefect's server goes away when a run has settled some mails and holds others.
    """
    port = int(system.api_url.rpartition(":")[2].partition("/")[0])
    for number in numbers[:-DOWN]:
        system.post(number)
    while not (settled := len(system.outcomes().keys() & set(numbers))):
        time.sleep(0.05)
    in_work = system.in_work()
    processes.end(system.folder, server.NAME)
    cut = [run["id"] for run in system.runs() if run["state"] == "RUNNING"]
    for number in numbers[-DOWN:]:
        system.post(number)
    time.sleep(DOWN_S)
    at_its_end = len(system.outcomes().keys() & set(numbers))
    server.PORT = port
    assert server.ensure_server(system.folder).api_url == system.api_url
    waited_s = system.wait(numbers)
    states = Counter(str(run["state"]) for run in ended(system, cut))
    return {
        "mails_at_once": len(numbers) - DOWN,
        "settled_at_the_cut": settled,
        "in_work_at_the_cut": in_work,
        "outage_s": DOWN_S,
        "settled_at_its_end": at_its_end,
        "outcomes_after_outage_s": round(waited_s, 1),
        "runs_cut": dict(states),
    }


def ended(system: System, ids: list[object]) -> list[dict[str, object]]:
    """These runs, in their last states."""
    final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    began = time.monotonic()
    while True:
        found = [run for run in system.runs() if run["id"] in ids]
        if all(run["state"] in final for run in found) or time.monotonic() - began > PATIENCE_S:
            return found
        time.sleep(1)


if __name__ == "__main__":
    main()
