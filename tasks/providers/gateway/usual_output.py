"""How long answers usually are here. This is set aside for a call if the budget cannot bear many calls' worst case."""

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


class UsualOutput:
    """Output tokens of the latest calls, thoughts included, by their kind."""

    def __init__(self, past: Mapping[Kind, Iterable[int]] | None = None) -> None:
        self._tokens = {kind: deque(tokens, maxlen=_LATEST) for kind, tokens in (past or {}).items()}

    def add(self, kind: Kind, tokens: int) -> None:
        self._tokens.setdefault(kind, deque(maxlen=_LATEST)).append(tokens)

    def high(self, kind: Kind, most: int) -> int:
        """What 19 of 20 answers stay below, `most` at the most; less is known of it, the more is added.

        Without any call of the kind it is a guess: a thinking model does not use most of the tokens it has room for.
        """
        known = sorted(self._tokens.get(kind, ()))
        if not known:
            return min(most, max(_GUESS, most // 5))
        quantile = known[min(len(known) - 1, int(_QUANTILE * len(known)))]
        return max(1, min(most, ceil(quantile * (1 + 0.5 / sqrt(len(known))))))


def prices(
    question: Question[Any], link: Link, account: ProviderAccount, asked: int, outputs: UsualOutput
) -> tuple[Decimal | None, Decimal | None]:
    """What a call of `asked` input tokens may cost at worst, and what such calls hardly ever cost more than here."""
    most = answer_tokens(question, account, traits(link.provider, link.model))
    usual = outputs.high((link.provider, link.model, question.name), most)
    return worst_price(link.provider, link.model, asked, most), worst_price(link.provider, link.model, asked, usual)


def within(
    question: Question[T], link: Link, account: ProviderAccount, asked: int, reservation: Reservation | None
) -> Question[T]:
    """The question, its answer limited to what was set aside for it: so no call passes the budget."""
    if reservation is None:
        return question
    most = answer_tokens(question, account, traits(link.provider, link.model))
    affordable = _affordable(link, asked, most, reservation.most_usd)
    return question if affordable >= most else replace(question, output_limit=max(1, affordable))


def too_long_for_budget(question: Question[Any]) -> BudgetExceeded:
    """The error of an answer that was cut at such a limit."""
    return BudgetExceeded(
        f"The answer to `{question.name}` was longer than the {question.output_limit:,} tokens that "
        "the budget left room for."
    )


def _affordable(link: Link, asked: int, most: int, money: Decimal) -> int:
    """How many output tokens the money pays for, `most` at the most."""
    nothing, whole = (worst_price(link.provider, link.model, asked, tokens) for tokens in (0, most))
    if nothing is None or whole is None or money >= whole:
        return most
    return int((money - nothing) * most / (whole - nothing))
