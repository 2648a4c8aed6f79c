"""Prices of calls, from genai-prices' bundled list (without network) and the operator's own table."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from genai_prices import Usage as ListedUsage
from genai_prices import calc_price

from tasks.errors import Misconfigured
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Usage
from tasks.settings.secrets import prices_text

log = logging.getLogger("mailroom.providers")

_MILLION = Decimal(1_000_000)
_FEW = 100_000
"""Tokens of a call; providers that charge more for long ones begin beyond this."""


def price(provider: str, model: str, usage: Usage) -> Decimal | None:
    """US dollars of a call. Null if the model's price is unknown (logged once), zero where calls are free."""
    own = _own_prices(prices_text()).get(f"{provider}:{model}")
    if own is not None:
        return (usage.input_tokens * own[0] + usage.output_tokens * own[1]) / _MILLION
    if sheet_of(provider).price_list is None:
        return Decimal(0)
    rates = _rates(provider, model, datetime.now(UTC).date()) if _is_ordinary(usage) else None
    return _listed(provider, model, usage) if rates is None else rates.of(usage)


def worst_price(provider: str, model: str, input_tokens: int, max_output_tokens: int) -> Decimal | None:
    """The highest price of a call in US dollars, for a reservation; null if the model's price is unknown."""
    # OpenAI and Anthropic charge a quarter more for input that they cache.
    usage = Usage(input_tokens=input_tokens, output_tokens=max_output_tokens, cache_write_tokens=input_tokens)
    return price(provider, model, usage)


def unknown_price(provider: str, model: str) -> Decimal | None:
    """The price of a call with unknown tokens: zero where calls are free, else null."""
    known = price(provider, model, Usage(input_tokens=_FEW, output_tokens=_FEW))
    return known if known == 0 else None


def _is_ordinary(usage: Usage) -> bool:
    few = usage.input_tokens + usage.output_tokens <= _FEW
    return few and usage.cache_read_tokens + usage.cache_write_tokens <= usage.input_tokens


@dataclass(frozen=True)
class _Rates:
    """US dollars per token, by the kind of token."""

    plain: Decimal
    cached: Decimal
    kept: Decimal
    answered: Decimal

    def of(self, usage: Usage) -> Decimal:
        plain = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
        return (
            plain * self.plain + usage.cache_read_tokens * self.cached + usage.cache_write_tokens * self.kept
            + usage.output_tokens * self.answered
        )  # fmt: skip


@lru_cache(maxsize=256)
def _rates(provider: str, model: str, _day: date) -> _Rates | None:
    """The rates behind the list's prices of calls with few tokens today; null where they are not so much a token.

    The list holds prices that begin on a day, so they are looked up anew each day.

    Asking the list costs 0.09 ms a call, a twentieth of what a whole call does.
    """
    kinds = [
        Usage(input_tokens=_FEW),
        Usage(input_tokens=_FEW, cache_read_tokens=_FEW),
        Usage(input_tokens=_FEW, cache_write_tokens=_FEW),
        Usage(output_tokens=_FEW),
    ]
    prices = [_listed(provider, model, usage) for usage in kinds]
    if any(price is None for price in prices):
        return None
    rates = _Rates(*(price / _FEW for price in prices if price is not None))
    tenth = Usage(input_tokens=_FEW // 10, cache_read_tokens=_FEW // 50, cache_write_tokens=_FEW // 50, output_tokens=1)
    return rates if rates.of(tenth) == _listed(provider, model, tenth) else None


def _listed(provider: str, model: str, usage: Usage) -> Decimal | None:
    counts = ListedUsage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    try:
        return calc_price(counts, model, provider_id=sheet_of(provider).price_list).total_price
    except (LookupError, ValueError) as error:
        _say_unknown(provider, model, type(error).__name__)
        return None


@lru_cache(maxsize=256)
def _say_unknown(provider: str, model: str, reason: str) -> None:
    log.warning(
        "The price of `%s` of provider `%s` is unknown (%s); its cost is left empty. Set it in MAILROOM_PRICES.",
        model,
        provider,
        reason,
    )


@lru_cache(maxsize=8)
def _own_prices(text: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Dollars a million input and output tokens by `provider:model`, such as `{"local:llama3.2": [0, 0]}`."""
    if not text.strip():
        return {}
    try:
        table = json.loads(text, parse_float=Decimal)
        return {str(name): (_dollars(given), _dollars(answered)) for name, (given, answered) in table.items()}
    except (ValueError, TypeError, AttributeError, InvalidOperation):
        raise Misconfigured(
            'MAILROOM_PRICES must be JSON such as {"openai:my-model": [0.2, 0.75]}: dollars a million input and output'
            " tokens."
        ) from None


def _dollars(value: Decimal | int | str) -> Decimal:
    dollars = Decimal(value)
    if not dollars.is_finite() or dollars < 0:
        raise ValueError("a price is a number from 0 up")
    return dollars
