"""The type of a provider's sheet: everything that is specific to one provider, in one frozen value.

The files `*_sheet.py` have one sheet each, and `sheets.py` lists them. Nothing else is keyed by a provider's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.questions import MediaKind
from tasks.settings import ModelClass

Dialect = Literal["openai", "anthropic", "gemini", "grammar"]
"""Whose rules a JSON schema follows: which bounds it may hold, and how an optional value is written."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What one family of models accepts, and how its output is counted."""

    temperature: bool = True
    """Whether it accepts a sampling temperature."""
    thinking_tokens: int = 0
    """Room for its thoughts, which providers count as output although they are not part of the answer."""
    effort: str | None = None
    """What is asked of a model that thinks, in the word of its API, such as `low`; null where nothing is asked."""
    media: frozenset[MediaKind] = frozenset()


@dataclass(frozen=True, kw_only=True)
class MediaForms:
    """The media that an API accepts: MIME types by kind, and the most bytes before base64 (which adds a third)."""

    types: Mapping[MediaKind, frozenset[str]]
    most_together: int
    """Of one request, with room left for its text."""
    most_each: Mapping[MediaKind, int] = field(default_factory=dict)
    """Of one part, where less than `most_together`."""


@dataclass(frozen=True, kw_only=True)
class ServerFacts:
    """How a server that the operator runs is set up; null where it does not tell."""

    slots: int | None = None
    """Calls that it works on at the same time."""
    context_tokens: int | None = None
    """Tokens of a prompt and its answer together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """One provider. Classes are given as `package.module:Class`, because importing an SDK takes seconds."""

    name: str
    account: type[ProviderAccount]
    """Its variables with their defaults: keys, address, time limit, concurrency, limits a minute."""
    apis: Mapping[str, str]
    """Adapter by SDK; the account's `sdk` chooses where there are several."""
    address: str | None
    """Where it is asked unless `*_BASE_URL` says otherwise; null where that must be set."""
    models: Mapping[ModelClass, str]
    """Default model by class; empty where only the operator knows what is served: `*_MODEL` must be set then."""
    families: Mapping[str, Traits]
    """Traits by the beginning of a model's name; the longest that fits counts, and `""` fits all."""
    media: MediaForms
    dialect: Dialect
    price_list: str | None
    """Its id in genai-prices; null where calls are free unless `MAILROOM_PRICES` says otherwise."""
    estimate_factor: float
    """Tokens it makes of a text, over those of the tokenizer that our estimate is fitted to."""
    needs_key: bool = True
    batch: str | None = None
    """Its batch API; null where it has none in the SDK that is used here."""
    schema_in_words: bool = False
    """Whether the schema is told in the prompt, too: a server that holds answers by a grammar shows it to no model."""
    limit_name: str = "max_completion_tokens"
    """The parameter that limits an answer's tokens, where servers of the same API differ in it."""

    look: str | None = None
    """What finds out how its server is set up, from an account; null where there is nothing to find out."""
    calls_at_once: int | None = None
    """Calls in flight where neither the account nor the server says how many; null is MAILROOM_CONCURRENCY."""

    @property
    def required(self) -> tuple[str, ...]:
        """The fields of its account that must be set besides a key."""
        return (*(["base_url"] if self.address is None else []), *([] if self.models else ["model"]))

    def address_for(self, account: ProviderAccount) -> str:
        """The address for this account's calls."""
        return account.base_url or self.address or ""

    def variable(self, field_name: str) -> str:
        """The variable that sets a field of the account, such as `OPENAI_BASE_URL`."""
        return f"{self.account.prefixes[0]}{field_name}".upper()


@lru_cache(maxsize=512)
def traits_on(sheet: Sheet, model: str) -> Traits:
    """The traits of `model`. An unknown one is treated like its provider's newest."""
    name = _family_name(model)
    return sheet.families[max((family for family in sheet.families if name.startswith(family)), key=len)]


def _family_name(model: str) -> str:
    """The name without prefixes of providers and gateways: `ft:`, `models/`, `openai/`."""
    return model.removeprefix("ft:").rpartition("/")[2]
