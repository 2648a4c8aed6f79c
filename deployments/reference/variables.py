"""Every variable that sets something: section, type, default, meaning, the value in force and where it is from."""

from __future__ import annotations

import os
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, DotEnvSettingsSource

from tasks.errors import Misconfigured
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.sheets import SHEETS
from tasks.settings import Settings
from tasks.settings.receiver import ReceiverSettings, read_receiver_settings
from tasks.settings.secrets import secret_files
from tasks.settings.section import ENV_FILE
from tasks.settings.sections import SECTIONS

_WORDS: dict[object, str] = {
    str: "text", int: "whole number", float: "number", Decimal: "number", bool: "true or false", Path: "path",
    SecretStr: "secret",
}  # fmt: skip
_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+@")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable; `names` are all that are read, the first one winning."""

    section: str
    names: tuple[str, ...]
    kind: str
    default: str
    meaning: str
    settings: type[BaseSettings]
    field: str


def all_variables() -> list[Variable]:
    """Every variable, by section, in the order of `docs/settings.md`."""
    ours = [
        _variable(section.title, (section.variable(name),), section, name)
        for section in SECTIONS
        for name in section.model_fields
        if name in section.__annotations__ or (name == "data_dir" and section.title == "Ledger and files")
    ]
    providers = [
        _variable(
            f"Provider {sheet.name}", tuple(f"{prefix}{name}".upper() for prefix in sheet.account.prefixes),
            sheet.account, name,
        )
        for sheet in SHEETS.values()
        for name in sheet.account.model_fields
    ]  # fmt: skip
    return ours + providers


def in_force() -> Iterator[tuple[Variable, str, str]]:
    """Each variable with the value in force, secrets masked, and where that value is from.

    Raises:
        Misconfigured: A value cannot be used; its variable is named.
    """
    file, secrets = frozenset(name.upper() for name in DotEnvSettingsSource(Settings).env_vars), _secret_names()
    accounts, read = Accounts(), dict[type[BaseSettings], BaseSettings]()
    for variable in all_variables():
        if variable.settings not in read:
            read[variable.settings] = _read(variable, accounts)
        value = getattr(read[variable.settings], variable.field)
        yield variable, shown(value), _origin(variable, file, secrets)


def shown(value: object) -> str:
    """The value for people: no secret, and no password of an address."""
    if value is None or value == "" or (isinstance(value, SecretStr) and not value.get_secret_value()):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ", ".join(shown(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shown(one)}" for name, one in value.items())
    if isinstance(value, BaseModel):
        return " ".join(shown(getattr(value, name)) for name in type(value).model_fields)
    return _PASSWORD.sub(r"\1:**********@", str(value))


def _variable(section: str, names: tuple[str, ...], settings: type[BaseSettings], field: str) -> Variable:
    found = settings.model_fields[field]
    return Variable(
        section=section, names=names, kind=_kind(found.annotation), default=_default(found),
        meaning=found.description or "", settings=settings, field=field,
    )  # fmt: skip


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return shown(value)


def _kind(annotation: object) -> str:
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(one) for one in arguments if one is not type(None))
    if origin is tuple and arguments[0] is SecretStr:
        return "secrets"
    return "JSON"


def _read(variable: Variable, accounts: Accounts) -> BaseSettings:
    if variable.settings is ReceiverSettings:
        return read_receiver_settings()
    sheet = next((sheet for sheet in SHEETS.values() if sheet.account is variable.settings), None)
    if sheet is not None:
        return accounts.of(sheet.name)
    section = next((section for section in SECTIONS if section is variable.settings), None)
    if section is None:
        raise Misconfigured(f"`{variable.names[0]}` is in no section.")
    return section.read()


def _secret_names() -> frozenset[str]:
    folder = secret_files()
    return frozenset(path.name.upper() for path in folder.iterdir()) if folder else frozenset()


def _origin(variable: Variable, file: frozenset[str], secrets: frozenset[str]) -> str:
    names = {name.upper() for name in os.environ}
    for name in variable.names:
        if name in names:
            return f"environment ({name})" if len(variable.names) > 1 else "environment"
    if file & set(variable.names):
        return ENV_FILE
    return "secret file" if secrets & set(variable.names) else "default"
