"""OpenAI. Sources: its guides on images, audio and files, its migration guides, and the batch guide."""

from __future__ import annotations

from dataclasses import replace

from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import MediaForms, Sheet, Traits
from tasks.questions import MediaKind

_SIGHT: frozenset[MediaKind] = frozenset({"image", "pdf"})
_PLAIN = Traits(media=_SIGHT)
# Output tokens for the thinking of a model with low effort; a mail's two questions rarely use a third of them.
_THINKER = Traits(temperature=False, thinking_tokens=4_000, effort="low", media=_SIGHT)

CHAT_MEDIA = MediaForms(
    types={
        "image": frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
        "audio": frozenset({"audio/wav", "audio/mpeg"}),
        "pdf": frozenset({"application/pdf"}),
    },
    most_together=36_000_000,
)
"""What Chat Completions has parts for."""


class OpenAIAccount(ProviderAccount):
    prefixes = ("OPENAI_",)


OPENAI = Sheet(
    name="openai",
    account=OpenAIAccount,
    apis={"openai": "tasks.providers.apis.openai_chat:OpenAIChat"},
    address="https://api.openai.com/v1",
    models={"triage": "gpt-6-luna", "simple": "gpt-6-luna", "medium": "gpt-6.1-terra", "complex": "gpt-6.1-sol"},
    families={
        "": _THINKER,
        "gpt-3.5": Traits(),
        "gpt-4": Traits(),
        "gpt-4-turbo": Traits(media=frozenset({"image"})),
        "gpt-4o": _PLAIN,
        "gpt-4o-audio": Traits(media=frozenset({"audio"})),
        "gpt-4.1": _PLAIN,
        "gpt-audio": Traits(media=frozenset({"audio"})),
        "chatgpt-4o": replace(_PLAIN, media=frozenset({"image"})),
    },
    media=CHAT_MEDIA,
    dialect="openai",
    price_list="openai",
    estimate_factor=1.0,
    batch="tasks.providers.apis.openai_batches:OpenAIBatches",
)
