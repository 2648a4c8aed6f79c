"""`mailroom demo`: sets up everything on this machine, processes sample mails, and says where to look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deployments.cli.home import HOME, use_own_server
from deployments.cli.outcomes import print_what_needs_a_person
from deployments.local.receiver import ensure_receiver
from deployments.local.simulator import ensure_simulator
from deployments.local.worker import ensure_worker

if TYPE_CHECKING:
    from deployments.demo import steps

console = Console()
_LOOK_AROUND = """
Look at the run: its log, table and report. Decide on held replies: Resume, in
that run's menu ⋮. All jobs here ask the simulator. `make stop` ends the demo.
"""


def demo(*, stop: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Start a Prefect server, the simulator, a worker and the receiver, process sample mails, and leave it all up.

    Args:
        stop: Only end the processes that the demo left running.
    """
    from deployments.demo import steps

    os.chdir(steps.ROOT)  # its runs keep their ledger there, and so it is found again from any folder
    if stop:
        ended = steps.stop(HOME)
        console.print(f"Ended: {', '.join(ended)}." if ended else "Nothing of ours is running.")
        return 0
    with console.status("Starting Prefect's server (the first time takes half a minute)"):
        server = use_own_server()
    console.print(f"Prefect's UI: {server.ui_url}", highlight=False)
    with console.status("Starting the simulator of the providers"):
        simulator_url = ensure_simulator(HOME)
    console.print(f"Simulator:    {simulator_url}", highlight=False)
    with console.status("Deploying prefect.yaml, starting a worker and the receiver"):
        steps.deploy(simulator_url)
        simulated = steps.simulated_environment(simulator_url, HOME)
        ensure_worker(HOME, server.api_url, steps.POOL, simulated)
        receiver_url = ensure_receiver(HOME, server.api_url, simulated)
    from tasks.ledger.outcomes import read_run

    ended_run = _follow(steps.start_run())
    rows = read_run(f"sqlite:///{(HOME / 'demo' / 'ledger.db').absolute()}", ended_run.run_id)
    print_what_needs_a_person(console, rows)
    console.print(f"{ended_run.state}: {ended_run.message}", markup=False, highlight=False)
    _say_where(ended_run, steps.start_run(steps.APPROVAL), server.ui_url, receiver_url)
    failed = sum(row["status"] == "FAILED" for row in rows)
    return 0 if ended_run.state == "Completed" and failed <= 1 else 1


def _follow(run_id: str) -> steps.Ended:
    from deployments.demo import steps

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task("Run", total=100)
        return steps.follow(run_id, lambda done, said: bar.update(line, completed=done, description=said))


def _say_where(ended: steps.Ended, approval_id: str, ui_url: str, receiver_url: str) -> None:
    lines = {
        "Run": f"{ui_url}/runs/flow-run/{ended.run_id}",
        "Held": f"{ui_url}/runs/flow-run/{approval_id}",
        "Mail": f"{receiver_url}/upload  (drop mails of yours here)",
        "Jobs": f"{ui_url}/deployments  (switch schedules on here)",
        "Vars": f"{ui_url}/variables  (your categories and rules)",
    }
    console.print(_LOOK_AROUND, highlight=False)
    for name, address in lines.items():
        console.print(f"{name:4} {address}", markup=False, highlight=False, soft_wrap=True)
