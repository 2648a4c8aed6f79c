"""Anthropic. Sources: its pages on vision and PDF, on batches, and on moving to newer models."""

from __future__ import annotations

from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import MediaForms, Sheet, Traits
from tasks.questions import MediaKind

_SIGHT: frozenset[MediaKind] = frozenset({"image", "pdf"})
_PLAIN = Traits(media=_SIGHT)


class AnthropicAccount(ProviderAccount):
    prefixes = ("ANTHROPIC_", "CLAUDE_")


ANTHROPIC = Sheet(
    name="anthropic",
    account=AnthropicAccount,
    apis={"anthropic": "tasks.providers.apis.anthropic_messages:AnthropicMessages"},
    address="https://api.anthropic.com",
    models={
        "triage": "claude-haiku-5-5",
        "simple": "claude-haiku-5-5",
        "medium": "claude-sonnet-5-5",
        "complex": "claude-opus-5-5",
    },
    families={
        "": Traits(temperature=False, thinking_tokens=4_000, effort="low", media=_SIGHT),
        "claude-2": Traits(),
        "claude-3": _PLAIN,
        "claude-haiku-4": _PLAIN,
        "claude-sonnet-4": _PLAIN,
        "claude-opus-4-0": _PLAIN,
        "claude-opus-4-1": _PLAIN,
        "claude-opus-4-5": _PLAIN,
        "claude-opus-4-6": _PLAIN,
    },
    media=MediaForms(
        types={
            "image": frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
            "pdf": frozenset({"application/pdf"}),
        },
        most_together=22_000_000,
        most_each={"image": 3_700_000},
    ),
    dialect="anthropic",
    price_list="anthropic",
    estimate_factor=1.3,
    batch="tasks.providers.apis.anthropic_batches:AnthropicBatches",
)
