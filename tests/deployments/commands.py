"""Checks whether the programs accept a command in a deployment file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cyclopts import App
from prefect.cli._app import _app as prefect

from deployments.cli.main import app as mailroom

_PROGRAMS: dict[str, App] = {"mailroom": mailroom, "prefect": prefect}


def parse(command: Sequence[str]) -> list[str]:
    """The programs of the command, each with words it understands; a shell's `A && B` is two.

    Raises:
        CycloptsError: An option or a value is none.
    """
    if list(command[:2]) == ["sh", "-c"]:
        return [name for part in command[2].split("&&") for name in parse(shlex.split(part))]
    program, *words = command
    if program == "prefect" and words[0] == "--no-prompt":
        words = words[1:]
    _PROGRAMS[program].parse_args(words, exit_on_error=False, print_error=False)
    return [program]
