"""Parameters of flows and commands that are settings: described once, in the settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from tasks.settings.run import Settings

F = TypeVar("F", bound=Callable[..., Any])


def described_by_settings(function: F) -> F:
    """Add to the docstring's `Args:` each parameter that is a setting, in the setting's words; what stands there stays.

    To be the innermost decorator: Prefect's forms and the command line read the docstring.
    """
    text = inspect.getdoc(function) or ""
    if "\nArgs:" not in text:
        text += "\n\nArgs:"
    lines = [
        f"    {name}: {_said(name)}"
        for name in inspect.signature(function).parameters
        if name in Settings.model_fields and f"\n    {name}:" not in text
    ]
    function.__doc__ = "\n".join([text, *lines])
    return function


def _said(name: str) -> str:
    field = Settings.model_fields[name]
    said = f"{field.description} Left out, it is what {Settings.variable(name)} says"
    if field.default in (None, ""):
        return f"{said}."
    default = ("no", "yes")[field.default] if isinstance(field.default, bool) else field.default
    return f"{said}, else {default}."
