"""Requests and tokens per minute, from the account's variables and the operator's overrides."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tasks.errors import Misconfigured
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.sheets import SHEETS
from tasks.questions import Link, RateLimits

Overrides = Mapping[str, Mapping[str, int]]
"""`{"openai": {"rpm": 5000}, "openai:gpt-6-luna": {"tpm": 60000}}`: limits by provider, or by provider and model."""

_NAMES = ("rpm", "tpm")


def read_overrides(value: object) -> dict[str, dict[str, int]]:
    """The operator's limits from a Prefect Variable's value; none when it is null.

    Raises:
        Misconfigured: It does not have the form that `Overrides` shows; the message says where.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong("it is not a JSON object")
    return {str(name): _read_one(str(name), limits) for name, limits in value.items()}


def set_limits(accounts: Accounts, overrides: Overrides) -> Callable[[Link], RateLimits]:
    """The operator's limits for a link: its model's override, else its provider's, else the variable's, else null."""

    def of(link: Link) -> RateLimits:
        account = accounts.of(link.provider)
        values = {name: getattr(account, name) for name in _NAMES if name in account.model_fields_set}
        values |= overrides.get(link.provider, {})
        values |= overrides.get(f"{link.provider}:{link.model}", {})
        return RateLimits(**values)

    return of


def usual_limits(accounts: Accounts) -> Callable[[Link], RateLimits]:
    """The limits for a link where neither the operator has set nor the provider has reported any."""

    def of(link: Link) -> RateLimits:
        account = accounts.of(link.provider)
        return RateLimits(rpm=account.rpm, tpm=account.tpm)

    return of


def _read_one(name: str, limits: object) -> dict[str, int]:
    if name.partition(":")[0] not in SHEETS:
        raise _wrong(f"`{name}` names no provider")
    if not isinstance(limits, Mapping) or not set(limits) <= set(_NAMES):
        raise _wrong(f"`{name}` must hold `rpm`, `tpm` or both")
    for one, value in limits.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _wrong(f"`{one}` of `{name}` must be a whole number of at least 1")
    return dict(limits)


def _wrong(why: str) -> Misconfigured:
    return Misconfigured(
        f"The limits cannot be used: {why}. They are written as "
        '{"openai": {"rpm": 5000}, "openai:gpt-6-luna": {"tpm": 60000}}.'
    )
