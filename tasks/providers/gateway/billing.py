"""What a call cost and used, by what its reply or its failure tells."""

from __future__ import annotations

from decimal import Decimal

from tasks.errors import CallError
from tasks.providers.catalogue.prices import price, unknown_price
from tasks.questions import Link, RawAnswer, Usage


def cost_of(link: Link, raw: RawAnswer) -> Decimal | None:
    """By the model that was asked, as the reservation was; by the one that answered where that has no price.

    Null where the reply does not tell its usage.
    """
    if raw.usage is None:
        return unknown_price(link.provider, link.model)
    cost = price(link.provider, link.model, raw.usage)
    return cost if cost is not None or raw.model == link.model else price(link.provider, raw.model, raw.usage)


def cost_of_failure(link: Link, usage: Usage | None, error: CallError) -> Decimal | None:
    """What a failed call cost: null where it may have been billed and nobody said how much."""
    if usage is None and not error.price_unknown:
        return Decimal(0)
    return price(link.provider, link.model, usage) if usage else unknown_price(link.provider, link.model)


def tokens_of(usage: Usage | None, otherwise: int) -> int:
    return usage.input_tokens + usage.output_tokens if usage else otherwise
