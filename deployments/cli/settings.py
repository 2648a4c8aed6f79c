"""`mailroom settings`: shows the settings in force and where they come from, with secrets masked."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.cli.console import stdout
from deployments.cli.outcomes import plain


def settings(*, changed: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Print every setting with its value and the value's origin. The exit code is 2 if one is invalid.

    Args:
        changed: Show only settings that differ from their default.
    """
    from deployments.reference.variables import in_force

    table = Table("section", "variable", "value", "from", title="Settings in force", title_justify="left")
    for variable, value, origin in in_force():
        if origin != "default" or not changed:
            table.add_row(variable.section, variable.names[0], plain(value), origin)
    stdout().print(table)
    return 0
