"""The configured providers. Each one's settings are read when they are first needed."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from tasks.errors import Misconfigured
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.secret_stores import secret_block
from tasks.providers.catalogue.sheet import Sheet
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Account

_EXAMPLES = "http://127.0.0.1:11434/v1 and llama3.2"


class Accounts:
    """All configured providers, each read when first needed. It holds keys, so it must never be a task's input."""

    def __init__(self) -> None:
        self._read: dict[str, ProviderAccount] = {}

    def __repr__(self) -> str:
        return f"Accounts({', '.join(sorted(self._read))})"

    def of(self, provider: str) -> ProviderAccount:
        """Return the provider's settings, with or without a key.

        Raises:
            Misconfigured: A variable has an invalid value. The message names the variable and not the value.
        """
        if provider not in self._read:
            self._read[provider] = _read(sheet_of(provider).account)
        return self._read[provider]

    def require(self, provider: str) -> ProviderAccount:
        """Return the provider's settings if they suffice for calls.

        Raises:
            Misconfigured: A key, an address or a model is missing. The message says which variable to set.
        """
        account, sheet = self.of(provider), sheet_of(provider)
        missing = [name for name in sheet.required if not getattr(account, name)]
        if missing:
            names = " and ".join(f"`{sheet.variable(name)}`" for name in missing)
            raise Misconfigured(f"Provider `{provider}` needs {names}, such as {_EXAMPLES}.")
        return account if account.keys or not sheet.needs_key else self._with_block(sheet)

    def _with_block(self, sheet: Sheet) -> ProviderAccount:
        """The settings with the key of a Prefect Secret block, if no other source has one."""
        block = secret_block(f"{sheet.name}-api-key")
        if not block:
            raise Misconfigured(
                f"Provider `{sheet.name}` has no API key; set `{sheet.variable('api_key')}` in the environment "
                "or in `.env`."
            )
        # A string, so that keys are stripped and checked like those of other sources.
        self._read[sheet.name] = _read(sheet.account, api_keys=block)
        return self._read[sheet.name]

    def account(self, provider: str) -> Account:
        """Return the provider as a value without keys, which tasks and logs may hold."""
        found = self.of(provider)
        return Account(
            provider=provider,
            base_url=found.base_url,
            model=found.model,
            max_tokens=found.max_tokens,
            temperature=found.temperature,
            timeout_s=found.timeout,
            rpm=found.rpm,
            tpm=found.tpm,
            keys=len(found.keys),
        )


def _read(kind: type[ProviderAccount], **values: Any) -> ProviderAccount:
    try:
        return kind(**values)
    except ValidationError as error:
        faults = "; ".join(
            f"`{kind.prefixes[0]}{str(fault['loc'][0]).upper()}` {_right(fault['msg'])}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        )
        # `from None`, because pydantic's error may show the value, which may be a key.
        raise Misconfigured(f"Settings of a provider cannot be used: {faults}.") from None


def _right(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "should")
