"""Parameters of flows and commands: described once, in the settings, and shown in forms that a person can fill in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, TypeVar, get_type_hints

import annotated_types
from pydantic import Field, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tasks.settings.run import Settings

F = TypeVar("F", bound=Callable[..., Any])


class EmptyField:
    """Marks an optional number or date whose field in a form is empty at first, and may stay so.

    Pydantic's schema of such a type offers a choice of types, and has null as the default, so Prefect's forms show no
    field until the type is chosen. Without both, they show an empty field, and Prefect takes a field that is left or
    made empty again. Parameters keep their type and their default in Python.
    """

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        (value,) = (one for one in handler(schema)["anyOf"] if one.get("type") != "null")
        return _WithoutDefault(value)


class _WithoutDefault(dict[str, Any]):
    """Pydantic adds a parameter's default after a type has given its schema."""

    def __setitem__(self, name: str, value: object) -> None:
        if name != "default":
            super().__setitem__(name, value)


OptionalChunkRows = Annotated[int | None, Field(ge=1, le=500), EmptyField()]
OptionalConcurrency = Annotated[int | None, Field(ge=1, le=1_000), EmptyField()]
OptionalUsd = Annotated[float | None, Field(gt=0), EmptyField()]
OptionalDay = Annotated[date | None, EmptyField()]


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


def tells_bounds(function: F) -> F:
    """Add to what the docstring's `Args:` say of a number that is no setting how small and how large it may be.

    A form says of a number out of bounds only that it is not valid. To be below `described_by_settings`.
    """
    lines = (inspect.getdoc(function) or "").split("\n")
    hints = get_type_hints(function, include_extras=True)
    for name, hint in hints.items():
        said = bounds_of(getattr(hint, "__metadata__", ()))
        at = next((number for number, line in enumerate(lines) if line.startswith(f"    {name}:")), None)
        if said and at is not None:
            lines[at] = lines[at].replace(f"    {name}:", f"    {name}: ({said})", 1)
    function.__doc__ = "\n".join(lines)
    return function


def bounds_of(metadata: tuple[object, ...]) -> str:
    """A number's bounds in words, as `1 to 500`; empty where it has none."""
    found: dict[str, Any] = {}
    for one in _flat(metadata):
        if isinstance(one, annotated_types.Ge):
            found["from"] = one.ge
        elif isinstance(one, annotated_types.Gt):
            found["above"] = one.gt
        elif isinstance(one, annotated_types.Le):
            found["to"] = one.le
    least = f"{found['from']:,}" if "from" in found else f"more than {found['above']:,}" if "above" in found else ""
    most = f"{found['to']:,}" if "to" in found else ""
    if least and most:
        return f"{least} to {most}" if "from" in found else f"{least}, at most {most}"
    return f"{least} or more" if "from" in found else least or (f"at most {most}" if most else "")


def _flat(metadata: tuple[object, ...]) -> Iterator[object]:
    for one in metadata:
        if isinstance(one, FieldInfo):
            yield from one.metadata
        else:
            yield one


def _said(name: str) -> str:
    field = Settings.model_fields[name]
    bounds = bounds_of(tuple(field.metadata))
    allowed = f" {bounds[0].upper()}{bounds[1:]}." if bounds else ""
    said = f"{field.description}{allowed} Left out, it is what {Settings.variable(name)} says"
    if field.default in (None, ""):
        return f"{said}."
    default = ("no", "yes")[field.default] if isinstance(field.default, bool) else field.default
    return f"{said}, else {default}."
