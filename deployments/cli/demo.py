"""`mailroom demo`: everything set up on this machine, sample mails processed, and where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deployments.cli.home import HOME, use_own_server
from deployments.cli.outcomes import print_outcomes
from deployments.local.simulator import ensure_simulator
from deployments.local.worker import ensure_worker

if TYPE_CHECKING:
    from deployments.demo import steps

console = Console()


def demo(*, stop: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Start a Prefect server, the simulator and a worker, deploy, process the sample mailbox, and leave it up.

    Args:
        stop: End what the demo left running, and do nothing else.
    """
    from deployments.demo import steps

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
    with console.status("Deploying prefect.yaml and starting a worker"):
        steps.deploy(simulator_url)
        ensure_worker(HOME, server.api_url, steps.POOL)
    ended_run = _follow(steps.start_run())
    failed = print_outcomes(console, f"sqlite:///{(HOME / 'demo' / 'ledger.db').absolute()}", ended_run.run_id)
    _say_where(ended_run, steps.start_run(steps.APPROVAL), server.ui_url)
    return 0 if ended_run.state == "Completed" and failed <= 1 else 1


def _follow(run_id: str) -> steps.Ended:
    from deployments.demo import steps

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task("Run", total=100)
        return steps.follow(run_id, lambda done, said: bar.update(line, completed=done, description=said))


def _say_where(ended: steps.Ended, approval_id: str, ui_url: str) -> None:
    from deployments.demo import steps

    console.print(f"\n{ended.state}: {ended.message}", markup=False, highlight=False, soft_wrap=True)
    lines = [
        ("the run and its log", f"{ui_url}/runs/flow-run/{ended.run_id}"),
        *steps.artifact_links(ui_url, ended.run_id),
    ]
    lines += [("replies that wait for you", f"{ui_url}/runs/flow-run/{approval_id}  (Resume is in the menu ⋮)")]
    lines += [("all deployments", f"{ui_url}/deployments")]
    console.print("\nLook around; `make stop` ends everything:")
    for name, address in lines:
        console.print(f"  {name:26} {address}", markup=False, highlight=False, soft_wrap=True)
