"""One file an action, named after it: `plan` says what it comes to for a mail, `perform` does it, `look` asks whether it
was done. To add one: a class in `tasks.actions`, a file here.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import cast

from tasks.act.performer import Performer


@cache
def performer_of(action: str) -> Performer:
    """The file that performs the action of this name."""
    return cast(Performer, importlib.import_module(f"{__name__}.{action}"))
