"""Which adapter speaks for which provider; an SDK is imported when its first adapter is made, since that takes seconds."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from tasks.errors import Misconfigured
from tasks.providers.apis.batch_api import BatchApi
from tasks.providers.catalogue.accounts import Accounts, GeminiAccount, ProviderAccount
from tasks.questions import Adapter, Question

BATCH_PROVIDERS = ("openai", "anthropic")


def make_adapter(provider: str, account: ProviderAccount, key: SecretStr | None, *, concurrency: int = 50) -> Adapter:
    """The adapter for one key of a provider; made and closed on the model loop.

    `concurrency` is how many calls it must be able to have in flight; `key` is null for `local` alone.

    Raises:
        Misconfigured: There is no such provider, or it needs a key and none is given.
    """
    if provider == "local":
        from tasks.providers.apis.openai_chat import OpenAIChat

        return OpenAIChat(account, key, provider=provider)
    if key is None:
        raise Misconfigured(f"Provider `{provider}` needs an API key.")
    if provider == "openai":
        from tasks.providers.apis.openai_chat import OpenAIChat

        return OpenAIChat(account, key)
    if provider == "anthropic":
        from tasks.providers.apis.anthropic_messages import AnthropicMessages

        return AnthropicMessages(account, key)
    if provider == "gemini":
        return _gemini(account, key, concurrency)
    raise Misconfigured(f"There is no provider `{provider}`.")


def _gemini(account: ProviderAccount, key: SecretStr, concurrency: int) -> Adapter:
    if isinstance(account, GeminiAccount) and account.sdk == "google-genai":
        from tasks.providers.apis.gemini_genai import GeminiGenAI

        return GeminiGenAI(account, key)
    from tasks.providers.apis.gemini_generative import GeminiGenerative

    return GeminiGenerative(account, key, concurrency=concurrency)


def make_batch_api(provider: str, accounts: Accounts) -> BatchApi:
    """The batch API of this provider, with the first of its keys.

    Raises:
        Misconfigured: It has no batch API, or no key.
    """
    check_economy(provider)
    account = accounts.require(provider)
    if provider == "openai":
        from tasks.providers.apis.openai_batches import OpenAIBatches

        return OpenAIBatches(account, account.keys[0])
    from tasks.providers.apis.anthropic_batches import AnthropicBatches

    return AnthropicBatches(account, account.keys[0])


def request_body(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
    """The question as this provider takes it: in a batch as alone."""
    if provider == "openai":
        from tasks.providers.apis.openai_chat import chat_request

        return chat_request(question, provider, model, account)[0]
    from tasks.providers.apis.anthropic_messages import messages_request

    return messages_request(question, model, account)[0]


def check_economy(provider: str) -> None:
    """Raise `Misconfigured` where a provider cannot be asked in batches."""
    if provider not in BATCH_PROVIDERS:
        raise Misconfigured(
            f"Economy mode needs a batch API, which `{provider}` does not have in the SDK that is used here. "
            f"Choose {' or '.join(BATCH_PROVIDERS)}, or the normal mode."
        )
