"""`mailroom settings`: shows the settings in force and where they come from, with secrets masked."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.cli.console import stdout
from deployments.cli.outcomes import plain

_COLUMNS = ("section", "variable", "value", "from")


def settings(
    *,
    changed: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Print every setting with its value and the value's origin. The exit code is 2 if one is invalid.

    Args:
        changed: Show only settings that differ from their default.
        as_json: Print JSON, for programs: a list of objects whose values are text, secrets masked.
    """
    from deployments.reference.variables import in_force

    found = [
        (variable.section, variable.names[0], value, origin)
        for variable, value, origin in in_force()
        if origin != "default" or not changed
    ]
    console = stdout()
    if as_json:
        console.print_json(json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in found]))
        return 0
    table = Table(*_COLUMNS, title="Settings in force", title_justify="left")
    for section, variable, value, origin in found:
        table.add_row(section, variable, plain(value), origin)
    console.print(table)
    return 0
