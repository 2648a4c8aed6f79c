"""Which model is asked what: the cheapest that is strong enough, by the mail's length and what triage says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tasks.frames import COMPLEXITIES, Complexity
from tasks.providers.catalogue.models import default_model
from tasks.providers.catalogue.prices import price
from tasks.questions import Link, Usage
from tasks.understand.answers import Triage
from tasks.understand.protocols import Choice

SIMPLE_TOKENS = 100
MEDIUM_TOKENS = 500
_TYPICAL = Usage(input_tokens=1_000, output_tokens=300)
"""Models are compared by this call's price; most analyses have about this ratio of input to output."""


@dataclass(frozen=True, kw_only=True)
class ModelsByPrice:
    """`tasks.understand.protocols.Models`: one choice a mail and question, over a chain of providers.

    `providers` is the chain, the first one asked first. `table` overrides the built-in one:
    `{"openai": {"triage": …, "simple": …, "medium": …, "complex": …}}`. `triage_model` and `analysis_model` name a
    model of the first provider and end all choosing for it. `account_models` holds the `*_MODEL` of each provider; it
    is used where the operator named no other model.
    """

    providers: tuple[str, ...]
    triage_model: str | None = None
    analysis_model: str | None = None
    account_models: Mapping[str, str | None] = field(default_factory=dict)
    table: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    min_confidence: float = 0.5

    def for_triage(self, mail: Mapping[str, Any]) -> Choice:
        """The cheap model of each provider; a mail's text is not known to matter before it was read."""
        return self._chain(self._triage), ""

    def for_second_triage(self, triage: Triage) -> Choice | None:
        """One class up, where the first answer was given with too little confidence; null where it was not.

        Null, too, where the stronger model would be the same one: its answer would be bought twice.
        """
        if (triage.confidence or 0.0) >= self.min_confidence:
            return None
        first = self.providers[0]
        stronger = self._stronger(first)
        if stronger == self._triage(first):
            return None
        sure = "unknown" if triage.confidence is None else f"{triage.confidence:.2f}"
        why = f"triage asked again of a stronger model, for the confidence was {sure}"
        return self._chain(self._stronger), why

    def for_analysis(self, mail: Mapping[str, Any], triage: Triage) -> Choice:
        """By the mean of two opinions, the length's and triage's, the cheaper class where it falls between two."""
        needed = complexity_of(int(mail["tokens"]), triage.complexity)
        why = f"{needed}: {mail['tokens']} tokens, triage says {triage.complexity}"
        return self._chain(lambda provider: self._analysis(provider, needed)), why

    def for_review(self, writer: str) -> tuple[Link, ...]:
        """The strongest model of each provider that is not the one that wrote; other providers before the first."""
        providers = (*self.providers[1:], self.providers[0])
        return tuple(Link(provider=provider, model=self._other(provider, writer)) for provider in providers)

    def _other(self, provider: str, writer: str) -> str:
        names = [self._own(provider, kind) or default_model(provider, kind) for kind in reversed(COMPLEXITIES)]
        return next((name for name in names if name != writer), names[0])

    def links(self) -> set[Link]:
        """Every model that may be asked."""
        models = [self._triage, self._stronger]
        chosen = {link for model_of in models for link in self._chain(model_of)}
        return chosen | {
            link for needed in COMPLEXITIES for link in self._chain(partial(self._analysis, needed=needed))
        }

    def _chain(self, model_of: Callable[[str], str]) -> tuple[Link, ...]:
        return tuple(Link(provider=provider, model=model_of(provider)) for provider in self.providers)

    def _triage(self, provider: str) -> str:
        return (
            self._named(provider, self.triage_model)
            or self._own(provider, "triage")
            or default_model(provider, "triage")
        )

    def _stronger(self, provider: str) -> str:
        """The model a doubtful triage goes up to: what would analyse a mail of medium complexity."""
        return self._named(provider, self.triage_model) or self._cheapest(provider, "medium")

    def _analysis(self, provider: str, needed: Complexity) -> str:
        return self._named(provider, self.analysis_model) or self._cheapest(provider, needed)

    def _cheapest(self, provider: str, needed: Complexity) -> str:
        """Of the models for this class and those above, the cheapest; this class's own where its price is unknown."""
        classes = COMPLEXITIES[COMPLEXITIES.index(needed) :]
        names = [self._own(provider, name) or default_model(provider, name) for name in classes]
        priced = [(known, name) for name in names if (known := price(provider, name, _TYPICAL)) is not None]
        if not priced or priced[0][1] != names[0]:
            return names[0]
        return min(priced, key=lambda pair: pair[0])[1]

    def _named(self, provider: str, model: str | None) -> str | None:
        return model if provider == self.providers[0] else None

    def _own(self, provider: str, name: str) -> str | None:
        return self.table.get(provider, {}).get(name) or self.account_models.get(provider)


def complexity_of(tokens: int, triage: Complexity) -> Complexity:
    """The class of a mail of so many tokens that triage calls `triage`."""
    by_length = COMPLEXITIES.index(complexity_by_length(tokens))
    return COMPLEXITIES[(by_length + COMPLEXITIES.index(triage)) // 2]


def complexity_by_length(tokens: int) -> Complexity:
    """The class of a mail of which nothing but its length is known."""
    return "simple" if tokens < SIMPLE_TOKENS else "medium" if tokens < MEDIUM_TOKENS else "complex"
