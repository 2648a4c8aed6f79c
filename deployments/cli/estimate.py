"""`mailroom estimate SOURCE`: what processing a source would cost, before anything is asked."""

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
    """Say how many mails a run would work on, and what that is expected to cost, and at worst.

    Args:
        source: Where the mail lies, as for `mailroom run`.
        provider: Who would read the mail.
        mails_per_call: Short mails that one triage call asks about.
        again: Count mails that were processed before, too.
        as_json: Print it as JSON, for programs; money is text, so that it stays exact.
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
