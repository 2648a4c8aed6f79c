"""One file an action, named after it; a file that is put here is an action that rules may name.

An action is a class derived from `tasks.actions.Action`. It has the parameters, `plan` (what the action comes to for a
mail), `perform` (does it) and `look` (asks whether it was done). An action that needs a setting of the operator's also
has `check`, which raises `Misconfigured` while the rules are read.
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
    """The file that performs the action of this name."""
    return cast(Performer, importlib.import_module(f"{__name__}.{action}"))


def check_action(action: Action, destinations: Destinations) -> None:
    """See that the operator has set what this action of a rule needs.

    Raises:
        Misconfigured: Something is missing; it is named.
    """
    check = getattr(performer_of(action.action), "check", None)
    if check is not None:
        check(action, destinations)
