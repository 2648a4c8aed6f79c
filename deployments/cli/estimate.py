"""`mailroom estimate SOURCE`: estimates what processing a source would cost, without asking a model."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.cli.console import stdout
from deployments.cli.operator_categories import categories_in_force
from tasks.providers.catalogue.sheets import ProviderName
from tasks.settings import read_settings


def estimate(
    source: str,
    /,
    *,
    provider: ProviderName | None = None,
    mails_per_call: int | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show how many mails a run would process, and the expected and the highest cost.

    Args:
        source: Where the mail is, as for `mailroom run`.
        provider: The provider that would read the mail.
        mails_per_call: How many short mails one triage call asks about.
        again: Also count mails that were processed before.
        as_json: Print JSON, for programs. Money is text, so that it stays exact.
    """
    settings = read_settings(provider=provider, mails_per_call=mails_per_call, again=again or None)
    categories = categories_in_force()
    from flows.run.estimate import estimate_source
    from tasks.understand.estimate import dollars

    found = estimate_source(source, settings, categories)
    console = stdout()
    if as_json:
        console.print_json(json.dumps(found.as_json()))
        return 0
    table = Table(title=f"{found.mails:,} mails, {found.basis}", title_justify="left")
    table.add_column("stage", no_wrap=True)
    for name in ("calls", "tokens in", "tokens out", "expected", "at worst"):
        table.add_column(name, justify="right")
    for name, stage in {**found.stages, "total": found.whole}.items():
        figures = (f"{stage.calls:,.0f}", f"{stage.input_tokens:,.0f}", f"{stage.output_tokens:,.0f}")
        table.add_row(name, *figures, dollars(stage.expected_usd), dollars(stage.worst_usd))
    console.print(table)
    if found.known:
        console.print(
            f"{found.known:,} more are known: they were processed before and cost nothing; --again counts them."
        )
    if found.unread:
        console.print(f"{found.unread:,} of them cannot be read and cost nothing.")
    return 0
