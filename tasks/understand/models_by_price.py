"""Chooses the model for a question: the cheapest that is strong enough, by the mail's length and its triage."""

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
"""Models are compared by the price of this call. Most analyses have about this ratio of input to output."""


@dataclass(frozen=True, kw_only=True)
class ModelsByPrice:
    """`tasks.understand.protocols.Models`: one choice for each mail and question, over a chain of providers.

    `providers` is the chain, in the order of asking. `table` overrides the built-in one:
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
        """The cheap model of each provider."""
        return self._chain(self._triage), ""

    def for_second_triage(self, triage: Triage) -> Choice | None:
        """The next stronger class, if the first answer's confidence is too low; else null.

        It is also null if the stronger model is the same one, whose answer would be paid for twice.
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
        """The class is the mean of those by length and by triage, rounded to the cheaper one."""
        needed = complexity_of(int(mail["tokens"]), triage.complexity)
        why = f"{needed}: {mail['tokens']} tokens, triage says {triage.complexity}"
        return self._chain(lambda provider: self._analysis(provider, needed)), why

    def for_review(self, writer: str) -> tuple[Link, ...]:
        """The strongest model of each provider, except the one that wrote. The first provider comes last."""
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
        """The model for a second triage: the one that analyses mails of medium complexity."""
        return self._named(provider, self.triage_model) or self._cheapest(provider, "medium")

    def _analysis(self, provider: str, needed: Complexity) -> str:
        return self._named(provider, self.analysis_model) or self._cheapest(provider, needed)

    def _cheapest(self, provider: str, needed: Complexity) -> str:
        """The cheapest of the models for this class and higher ones; this class's own if its price is unknown."""
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
    """The class of a mail with so many tokens and this complexity from triage."""
    by_length = COMPLEXITIES.index(complexity_by_length(tokens))
    return COMPLEXITIES[(by_length + COMPLEXITIES.index(triage)) // 2]


def complexity_by_length(tokens: int) -> Complexity:
    """The class of a mail by its length only."""
    return "simple" if tokens < SIMPLE_TOKENS else "medium" if tokens < MEDIUM_TOKENS else "complex"
