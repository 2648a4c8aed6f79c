"""Requests and tokens per minute that the operator sets in Prefect's UI."""

from __future__ import annotations

import json
from typing import Any

from prefect.variables import Variable

from tasks.errors import Misconfigured
from tasks.providers.gateway.rate_limits import read_overrides
from tasks.settings import Settings

VARIABLE = "mailroom-limits"


def with_operator_limits(settings: Settings) -> Settings:
    """The settings with the limits of the Prefect Variable, which override those of MAILROOM_LIMITS, name by name.

    Raises:
        Misconfigured: The Variable's value cannot be used.
    """
    value: Any = Variable.get(VARIABLE)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise Misconfigured(f"Prefect Variable `{VARIABLE}` is no JSON: {error}.") from error
    set_in_ui = read_overrides(value)
    return settings.model_copy(update={"limits": {**settings.limits, **set_in_ui}}) if set_in_ui else settings
