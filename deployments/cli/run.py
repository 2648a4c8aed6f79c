"""`mailroom run SOURCE`: one run of `process-mail` in this process, with a progress bar and a table at its end."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments.cli.home import use_server
from deployments.cli.outcomes import print_outcomes
from tasks.providers.catalogue.sheets import ProviderName
from tasks.settings import read_settings
from tasks.settings.parameters import described_by_settings

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

console = Console()


@described_by_settings
def run(
    source: str,
    /,
    *,
    provider: ProviderName | None = None,
    triage_model: str | None = None,
    analysis_model: str | None = None,
    target_language: str | None = None,
    chunk_rows: int | None = None,
    concurrency: int | None = None,
    budget_usd: float | None = None,
    mode: Literal["normal", "economy"] | None = None,
    output_dir: Path | None = None,
    dry_run: bool | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
    refresh: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Process the mails of a source.

    The exit code is 0 when nothing failed, 1 when mails failed or the run was cancelled, 2 when it could not begin, 130
    when it was interrupted (SIGINT) and 143 when it was told to end (SIGTERM): then run it again to go on.

    Args:
        source: A folder, a Maildir, an .mbox, .eml, .zip, .csv, .jsonl or .parquet file, an address, or - for stdin.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    settings = read_settings(output_dir=output_dir)
    server = use_server()
    if server.started:
        console.print(f"Started a Prefect server; it stays up until `make stop`: {server.ui_url}")
    # A script's background job starts with SIGINT ignored; being told to end must end a run there, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Prefect calls this handler again once it has ended the run in order.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        state, run_id = _run_flow({**given, **({"output_dir": str(output_dir)} if output_dir else {})})
    except (KeyboardInterrupt, SystemExit):
        _say(
            f"mailroom: the run was stopped. To go on: mailroom run {shlex.quote(source)}. What was answered is on "
            "record and is not paid for again."
        )
        raise
    return _tell(state, run_id, settings.ledger, server.ui_url)


def _run_flow(parameters: dict[str, Any]) -> tuple[State[Any], str]:
    from flows.process_mail import process_mail
    from tasks.report.progress import listening

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task("Mails", total=None)
        with listening(lambda done, total: bar.update(line, completed=done, total=total)):
            state: Any = process_mail(**parameters, return_state=True)
    return state, str(state.state_details.flow_run_id)


def _tell(state: State[Any], run_id: str, ledger_url: str, ui_url: str) -> int:
    if state.name == "Misconfigured" or state.is_crashed():
        _say(f"mailroom: {state.message}")
        return 2
    failed = print_outcomes(console, ledger_url, run_id)
    console.print(f"{state.name}: {state.message}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"Run: {ui_url}/runs/flow-run/{run_id}", markup=False, highlight=False, soft_wrap=True)
    return 1 if failed or not state.is_completed() else 0


def _say(line: str) -> None:
    Console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)
