"""`mailroom evaluate LABELS`: how good the answers about labelled mails are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from deployments.cli.console import stdout, warnings_on
from deployments.cli.home import use_server
from deployments.cli.outcomes import plain
from tasks.errors import Misconfigured
from tasks.providers.catalogue.sheets import ProviderName
from tasks.settings import read_settings
from tasks.settings.parameters import described_by_settings


@described_by_settings
def evaluate(
    labels: Path,
    /,
    *,
    mails: str = "",
    provider: ProviderName | None = None,
    triage_model: str | None = None,
    analysis_model: str | None = None,
    prompt: str = "",
    against: str = "",
    at_least: list[str] | None = None,
    analyses: bool = True,
    budget_usd: float | None = None,
    output_dir: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Ask about labelled mails, and say how good the answers are.

    The exit code is 1 where a figure falls short of --at-least, 2 where the evaluation could not be made.

    Args:
        labels: Table with the columns `id` and `category`, and perhaps `needs_reply` and `action_items`.
        mails: Where the mails lie, as for `mailroom run`; empty means that the table has them, too.
        prompt: How the first candidate sorts: empty is the shipped prompt, `whole` shows long mails as a whole; else
            a text file, whose words stand in place of the shipped ones on reply, complexity and reason.
        against: A second candidate, as `anthropic`, `openai/MODEL`, `openai/TRIAGE_MODEL/ANALYSIS_MODEL`, `classifier`
            (the one in use) or `classifier/NUMBER`; with `@PROMPT` behind it, or alone, asked by that prompt.
        at_least: A figure that the first candidate must reach, as `accuracy=0.8`; may be given several times.
        analyses: Ask for summaries, action items and replies, and judge them, too.
        as_json: Print figures and intervals as JSON, for programs.
    """
    given = {"provider": provider, "triage_model": triage_model, "analysis_model": analysis_model,
             "budget_usd": budget_usd, "output_dir": str(output_dir) if output_dir else None}  # fmt: skip
    settings = read_settings(output_dir=output_dir)
    use_server()
    from flows.evaluate import BELOW
    from flows.evaluate import evaluate as evaluate_flow
    from tasks.ledger.engine import open_ledger
    from tasks.ledger.evaluations import read_evaluations

    with warnings_on(Console(stderr=True)):
        state: Any = evaluate_flow(
            str(labels), mails=mails, prompt=prompt, against=against, at_least=", ".join(at_least or ()),
            analyses=analyses, **{name: value for name, value in given.items() if value is not None}, return_state=True,
        )  # fmt: skip
    rows = read_evaluations(open_ledger(settings.ledger), str(state.state_details.flow_run_id))
    if not rows:
        raise Misconfigured(str(state.message))
    console = stdout()
    if as_json:
        console.print_json(json.dumps({"message": state.message, "candidates": [_facts(row) for row in rows]}))
    else:
        console.print(_table(rows))
        console.print(state.message, markup=False, highlight=False)
    return int(state.name == BELOW)


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("candidate", "mails", "figures")}


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("figure", title=f"{rows[0]['mails']} labelled mails, 95 % intervals", title_justify="left")
    for row in rows:
        table.add_column(plain(row["candidate"]))
    for name in rows[0]["figures"]:
        table.add_row(name.replace("_", " "), *(_told(row["figures"][name]) for row in rows))
    return table


def _told(figure: list[float | None]) -> str:
    value, low, high = figure
    return "–" if value is None else f"{value:.4g} ({low:.4g} to {high:.4g})"
