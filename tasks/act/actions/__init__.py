"""One file for each action, with the action's name. Rules can name every action that has a file here.

A file has a class derived from `tasks.actions.Action` with the parameters, and the functions `plan` (plans the action
for a mail), `perform` (performs it) and `look` (finds out whether it happened). If the action needs a setting of the
operator's, the file also has `check`, which raises `Misconfigured` when the rules are read.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import cast

from tasks.act.destinations import Destinations
from tasks.act.performer import Performer
from tasks.actions import Action


@cache
def performer_of(action: str) -> Performer:
    """The module that performs the action with this name."""
    return cast(Performer, importlib.import_module(f"{__name__}.{action}"))


def check_action(action: Action, destinations: Destinations) -> None:
    """Check that the operator has set what this action of a rule needs.

    Raises:
        Misconfigured: A setting is missing; the message names it.
    """
    check = getattr(performer_of(action.action), "check", None)
    if check is not None:
        check(action, destinations)
