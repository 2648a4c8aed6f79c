"""Which model answers what, and what each family of models takes; names are today's and known to the price list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tasks.questions import Link, MediaKind

Complexity = Literal["simple", "medium", "complex"]

TRIAGE_MODELS = {
    "openai": "gpt-6-luna",
    "anthropic": "claude-haiku-5-5",
    "gemini": "gemini-3.1-flash-lite",
}
"""The cheap model of each provider, for the first, small question; `local` has only what it serves."""

ANALYSIS_MODELS: dict[str, dict[Complexity, str]] = {
    "openai": {"simple": "gpt-6-luna", "medium": "gpt-6.1-terra", "complex": "gpt-6.1-sol"},
    "anthropic": {"simple": "claude-haiku-5-5", "medium": "claude-sonnet-5-5", "complex": "claude-opus-5-5"},
    "gemini": {"simple": "gemini-3.1-flash-lite", "medium": "gemini-3.8-flash", "complex": "gemini-4-argon"},
}


def triage_link(provider: str, model: str | None) -> Link:
    """The cheap model of `provider`, or `model` where the operator named one."""
    return Link(provider=provider, model=model or TRIAGE_MODELS[provider])


def analysis_link(provider: str, complexity: Complexity, model: str | None) -> Link:
    """The model of `provider` for a mail of this complexity, or `model` where the operator named one."""
    return Link(provider=provider, model=model or ANALYSIS_MODELS[provider][complexity])


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a model takes, and how its output is counted."""

    temperature: bool = True
    """Whether it accepts a sampling temperature."""
    thinking_tokens: int = 0
    """Room left for its thoughts, which providers count as output although they are not part of the answer."""
    effort: bool = False
    """Whether it takes `reasoning_effort`."""
    media: frozenset[MediaKind] = frozenset()


_SIGHT: frozenset[MediaKind] = frozenset({"image", "pdf"})
_ALL: frozenset[MediaKind] = frozenset({"image", "audio", "video", "pdf"})

# Room for the thoughts of a model asked to think little; a mail's two questions rarely need a third of it.
_THOUGHTS = 4_000

_PLAIN = Traits(media=_SIGHT)
_THINKER = Traits(temperature=False, thinking_tokens=_THOUGHTS, media=_SIGHT)

# The longest matching beginning of the model's name counts. Sources: OpenAI's and Anthropic's migration guides, which
# say which generations reject sampling parameters, and all three's pages on what their models take.
_FAMILIES: dict[str, dict[str, Traits]] = {
    "openai": {
        "": replace(_THINKER, effort=True),
        "gpt-3.5": Traits(),
        "gpt-4": Traits(),
        "gpt-4-turbo": Traits(media=frozenset({"image"})),
        "gpt-4o": _PLAIN,
        "gpt-4o-audio": Traits(media=frozenset({"audio"})),
        "gpt-4.1": _PLAIN,
        "gpt-audio": Traits(media=frozenset({"audio"})),
        "chatgpt-4o": Traits(media=frozenset({"image"})),
    },
    "anthropic": {
        "": _THINKER,
        "claude-2": Traits(),
        "claude-3": _PLAIN,
        "claude-haiku-4": _PLAIN,
        "claude-sonnet-4": _PLAIN,
        "claude-opus-4-0": _PLAIN,
        "claude-opus-4-1": _PLAIN,
        "claude-opus-4-5": _PLAIN,
        "claude-opus-4-6": _PLAIN,
    },
    "gemini": {
        "": Traits(thinking_tokens=_THOUGHTS, media=_ALL),
        "gemini-1": Traits(media=_ALL),
        "gemini-2.0": Traits(media=_ALL),
    },
    # What a local endpoint serves is not known; images are passed on, since most such servers take them.
    "local": {"": Traits(media=frozenset({"image"}))},
}


def traits(provider: str, model: str) -> Traits:
    """What `model` takes; one that is not known is treated as its provider's newest."""
    families = _FAMILIES[provider]
    return families[max((name for name in families if model.startswith(name)), key=len)]
