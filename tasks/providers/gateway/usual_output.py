"""How long answers usually are. Rate limits and budgets reserve this where they cannot bear every call's worst case."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from math import ceil, sqrt
from typing import Any, TypeVar

from pydantic import BaseModel

from tasks.errors import BudgetExceeded
from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.prices import worst_price
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.tokens import answer_tokens
from tasks.questions import Link, Question, Reservation

T = TypeVar("T", bound=BaseModel)

Kind = tuple[str, str, str]
"""Provider, model and question of a call."""

_LATEST = 500
_QUANTILE = 0.95
_GUESS = 600
_LEARNING = 0.1
"""The weight of the latest answer in the mean."""


class UsualOutput:
    """Output tokens of the latest calls, thinking tokens included, by their kind."""

    def __init__(self, past: Mapping[Kind, Iterable[int]] | None = None) -> None:
        self._tokens = {kind: deque(tokens, maxlen=_LATEST) for kind, tokens in (past or {}).items()}
        self._means: dict[Kind, float] = {}

    def add(self, kind: Kind, tokens: int) -> None:
        """Take a call's output tokens into account."""
        self._tokens.setdefault(kind, deque(maxlen=_LATEST)).append(tokens)
        mean = self._means.get(kind, float(tokens))
        self._means[kind] = mean + _LEARNING * (tokens - mean)

    def mean(self, kind: Kind, unknown: float) -> float:
        """The moving average of this process's calls of the kind; `unknown` before the first one."""
        return self._means.get(kind, unknown)

    def high(self, kind: Kind, most: int) -> int:
        """The length that 19 of 20 answers stay below, at most `most`; the fewer calls are known, the more is added.

        Without any call of the kind it is a guess: thinking models use only a part of their limit.
        """
        known = sorted(self._tokens.get(kind, ()))
        if not known:
            return min(most, max(_GUESS, most // 5))
        quantile = known[min(len(known) - 1, int(_QUANTILE * len(known)))]
        return max(1, min(most, ceil(quantile * (1 + 0.5 / sqrt(len(known))))))


def prices(
    question: Question[Any], link: Link, account: ProviderAccount, asked: int, outputs: UsualOutput
) -> tuple[Decimal | None, Decimal | None]:
    """The worst price of a call with `asked` input tokens, and the price that 19 of 20 such calls stay below.

    Both are US dollars, and null where the model's price is unknown.
    """
    most = answer_tokens(question, account, traits(link.provider, link.model))
    usual = outputs.high((link.provider, link.model, question.name), most)
    return worst_price(link.provider, link.model, asked, most), worst_price(link.provider, link.model, asked, usual)


def within(
    question: Question[T], link: Link, account: ProviderAccount, asked: int, reservation: Reservation | None
) -> Question[T]:
    """The question with its answer limited to the money reserved for it, so that no call exceeds the budget."""
    if reservation is None:
        return question
    most = answer_tokens(question, account, traits(link.provider, link.model))
    affordable = _affordable(link, asked, most, reservation.most_usd)
    return question if affordable >= most else replace(question, output_limit=max(1, affordable))


def too_long_for_budget(question: Question[Any]) -> BudgetExceeded:
    """The error for an answer that was cut at the limit that `within` set."""
    return BudgetExceeded(
        f"The answer to `{question.name}` was longer than the {question.output_limit:,} tokens that "
        "the budget left room for."
    )


def _affordable(link: Link, asked: int, most: int, money: Decimal) -> int:
    """How many output tokens, at most `most`, the money pays for."""
    nothing, whole = (worst_price(link.provider, link.model, asked, tokens) for tokens in (0, most))
    if nothing is None or whole is None or money >= whole:
        return most
    return int((money - nothing) * most / (whole - nothing))
