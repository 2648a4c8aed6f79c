"""A call's cost and tokens, from its reply or its error."""

from __future__ import annotations

from decimal import Decimal

from tasks.errors import CallError
from tasks.providers.catalogue.prices import price, unknown_price
from tasks.questions import Link, RawAnswer, Usage


def cost_of(link: Link, raw: RawAnswer) -> Decimal | None:
    """US dollars of an answered call; null where the price is unknown.

    The price is the requested model's, like the reservation's. Where that has none, it is the answering model's.
    """
    if raw.usage is None:
        return unknown_price(link.provider, link.model)
    cost = price(link.provider, link.model, raw.usage)
    return cost if cost is not None or raw.model == link.model else price(link.provider, raw.model, raw.usage)


def cost_of_failure(link: Link, usage: Usage | None, error: CallError) -> Decimal | None:
    """US dollars of a failed call; null where it may have been billed at an unknown price."""
    if usage is None and not error.price_unknown:
        return Decimal(0)
    return price(link.provider, link.model, usage) if usage else unknown_price(link.provider, link.model)


def tokens_of(usage: Usage | None, otherwise: int) -> int:
    return usage.input_tokens + usage.output_tokens if usage else otherwise
