"""`mailroom run SOURCE`: runs `process-mail` in this process, with a progress bar and a final table."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from deployments.cli.console import stdout, warnings_on
from deployments.cli.home import use_server
from deployments.cli.outcomes import print_outcomes
from tasks.providers.catalogue.sheets import ProviderName
from tasks.settings import read_settings
from tasks.settings.parameters import described_by_settings

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


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
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Process the mails of a source.

    The exit code is 0 if nothing failed, 1 if mails failed or the run was cancelled, 2 if it could not begin, 130 if it
    was interrupted (SIGINT), and 143 if it was terminated (SIGTERM). Run the same command again to continue.

    Args:
        source: A folder, a Maildir, an .mbox, .eml, .zip, .csv, .jsonl or .parquet file, an address, or - for stdin.
        as_json: Print the run's result as JSON, for programs: state, message, mails by status, folder of the outcomes.
    """
    given = {name: value for name, value in locals().items() if value is not None and name != "as_json"}
    settings = read_settings(output_dir=output_dir)
    server = use_server()
    if server.started:
        _say(f"Started a Prefect server; it stays up until `make stop`: {server.ui_url}")
    # A script's background jobs start with SIGINT ignored, but the signal must end a run there, too.
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
    ended = _Ended(
        state=state, run_id=run_id, ledger_url=settings.ledger, url=f"{server.ui_url}/runs/flow-run/{run_id}"
    )
    return _print_json(ended) if as_json else _tell(ended)


def _run_flow(parameters: dict[str, Any]) -> tuple[State[Any], str]:
    from flows.process_mail import process_mail
    from tasks.report.progress import listening

    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    columns = (TextColumn("Mails"), BarColumn(16), MofNCompleteColumn(), TextColumn("{task.description}"), *times)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("", total=None)
        with (
            warnings_on(bar.console),
            listening(lambda done, total, told: bar.update(line, completed=done, total=total, description=told)),
        ):
            state: Any = process_mail(**parameters, return_state=True)
    return state, str(state.state_details.flow_run_id)


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """A finished run, and its address in the UI."""

    state: State[Any]
    run_id: str
    ledger_url: str
    url: str

    @property
    def never_began(self) -> bool:
        return self.state.name == "Misconfigured" or self.state.is_crashed()

    def code(self, failed: int) -> int:
        """The exit code, where `failed` mails of the run failed."""
        return 2 if self.never_began else int(bool(failed) or not self.state.is_completed())


def _tell(ended: _Ended) -> int:
    if ended.never_began:
        _say(f"mailroom: {ended.state.message}")
        return ended.code(0)
    console = stdout()
    failed = print_outcomes(console, ended.ledger_url, ended.run_id)
    for line in (f"{ended.state.name}: {ended.state.message}", f"Run: {ended.url}"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return ended.code(failed)


def _print_json(ended: _Ended) -> int:
    from tasks.ledger.engine import open_ledger
    from tasks.ledger.outcomes import count_outcomes

    mails = {} if ended.never_began else count_outcomes(open_ledger(ended.ledger_url), [ended.run_id])
    facts = {"state": ended.state.name, "message": ended.state.message, "run_id": ended.run_id, "url": ended.url}
    stdout().print_json(json.dumps(facts | {"mails": mails}))
    return ended.code(mails.get("FAILED", 0))


def _say(line: str) -> None:
    Console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)
