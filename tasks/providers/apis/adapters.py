"""Makes a provider's adapter or batch API from its sheet. An SDK is imported at first use, as that takes seconds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import SecretStr

from tasks.errors import Misconfigured
from tasks.providers.apis.batch_api import BatchApi
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import ServerFacts
from tasks.providers.catalogue.sheets import SHEETS, sheet_of
from tasks.questions import Adapter, Question


def make_adapter(provider: str, account: ProviderAccount, key: SecretStr | None, *, concurrency: int = 50) -> Adapter:
    """The adapter for one key of a provider. It must be made and closed on the model loop.

    `concurrency` is the number of calls that it must allow in flight. `key` is null where none is needed.

    Raises:
        Misconfigured: There is no such provider, or it needs a key and none is given.
    """
    sheet = sheet_of(provider)
    if key is None and sheet.needs_key:
        raise Misconfigured(f"Provider `{provider}` needs an API key.")
    api = sheet.apis[getattr(account, "sdk", next(iter(sheet.apis)))]
    adapter: Adapter = _named(api)(provider, account, key, concurrency)
    return adapter


def server_facts(provider: str, account: ProviderAccount) -> ServerFacts:
    """What the account's server tells of itself now; nothing where it is a provider's own, or is not there."""
    look = sheet_of(provider).look
    return _named(look)(account) if look else ServerFacts()


def make_batch_api(provider: str, accounts: Accounts) -> BatchApi:
    """The batch API of this provider, with its first key.

    Raises:
        Misconfigured: It has no batch API, or no key.
    """
    account = accounts.require(provider)
    api: BatchApi = _batch_class(provider)(provider, account, account.keys[0])
    return api


def request_body(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
    """The body of the question for a batch of this provider. It is the same as for a single call."""
    body: dict[str, Any] = _batch_class(provider).request(question, provider, model, account)
    return body


def check_economy(provider: str) -> None:
    """Check that the provider can be asked in batches.

    Raises:
        Misconfigured: It cannot.
    """
    if sheet_of(provider).batch is None:
        raise Misconfigured(
            f"Economy mode needs a batch API, which `{provider}` does not have in the SDK that is used here. "
            f"Choose {' or '.join(sheet.name for sheet in SHEETS.values() if sheet.batch)}, or the normal mode."
        )


def _batch_class(provider: str) -> type[Any]:
    check_economy(provider)
    found: type[Any] = _named(sheet_of(provider).batch or "")
    return found


def _named(place: str) -> Any:  # noqa: ANN401  # whatever stands under a name that is read at run time
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
