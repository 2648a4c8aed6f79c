"""Which adapter speaks for which provider; an SDK is imported when its first adapter is made, since that takes seconds."""

from __future__ import annotations

from pydantic import SecretStr

from tasks.errors import Misconfigured
from tasks.providers.accounts import GeminiAccount, ProviderAccount
from tasks.questions import Adapter


def make_adapter(provider: str, account: ProviderAccount, key: SecretStr | None, *, concurrency: int = 50) -> Adapter:
    """The adapter for one key of a provider; made and closed on the model loop.

    `concurrency` is how many calls it must be able to have in flight; `key` is null for `local` alone.

    Raises:
        Misconfigured: There is no such provider, or it needs a key and none is given.
    """
    if provider == "local":
        from tasks.providers.openai_chat import OpenAIChat

        return OpenAIChat(account, key, provider=provider)
    if key is None:
        raise Misconfigured(f"Provider `{provider}` needs an API key.")
    if provider == "openai":
        from tasks.providers.openai_chat import OpenAIChat

        return OpenAIChat(account, key)
    if provider == "anthropic":
        from tasks.providers.anthropic_messages import AnthropicMessages

        return AnthropicMessages(account, key)
    if provider == "gemini":
        return _gemini(account, key, concurrency)
    raise Misconfigured(f"There is no provider `{provider}`.")


def _gemini(account: ProviderAccount, key: SecretStr, concurrency: int) -> Adapter:
    if isinstance(account, GeminiAccount) and account.sdk == "google-genai":
        from tasks.providers.gemini_genai import GeminiGenAI

        return GeminiGenAI(account, key)
    from tasks.providers.gemini_generative import GeminiGenerative

    return GeminiGenerative(account, key, concurrency=concurrency)
