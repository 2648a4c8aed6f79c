"""Numbers and sums of money in a text, in a form in which two ways of writing the same are equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

_CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "ユーロ": "EUR", "欧元": "EUR",
    "$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "dólares": "USD", "ドル": "USD", "美元": "USD",
    "£": "GBP", "gbp": "GBP", "pounds": "GBP", "pfund": "GBP",
    "¥": "JPY", "jpy": "JPY", "yen": "JPY", "円": "JPY", "元": "CNY", "cny": "CNY", "rmb": "CNY",
    "₹": "INR", "inr": "INR", "chf": "CHF", "r$": "BRL", "brl": "BRL", "reais": "BRL", "zł": "PLN", "pln": "PLN",
}  # fmt: skip
_MONEY = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
_SCALES = {
    "k": 3, "thousand": 3, "tausend": 3, "tsd": 3, "mille": 3, "mil": 3, "mila": 3, "duizend": 3, "千": 3,
    "m": 6, "mn": 6, "mio": 6, "million": 6, "millionen": 6, "millions": 6, "millones": 6, "milhões": 6, "miljoen": 6,
    "bn": 9, "billion": 9, "mrd": 9, "milliarden": 9, "milliards": 9, "万": 4, "億": 8, "亿": 8,
}  # fmt: skip
# For texts in small letters: a pattern that ignores case takes three times as long. It begins with the digits, as one
# that begins with what may be missing is tried at each letter.
_NUMBER = re.compile(
    rf"(?=\d)(?<![\d.,])(?P<digits>\d{{1,3}}(?:[.,'’ ]\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d+(?:[.,]\d+)?)"
    rf"(?:[ ]?(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})(?![^\W\d_一-鿿]))?"
    rf"[ ]?(?P<after>{_MONEY})?"
)
_MONEY_BEFORE = re.compile(rf"(?:{_MONEY})(?=[ ]?\Z)")
_LONGEST_MONEY = max(map(len, _CURRENCIES)) + 1
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_THOUSANDS = re.compile(r"[.,'’ ](?=\d{3}(?!\d))")
_FEW = 12


def plain_digits(text: str) -> str:
    """The text with the digits of every script as 0 to 9, full-width signs as plain ones, and plain spaces."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)


def numbers_in(text: str) -> Iterator[tuple[frozenset[str], str]]:
    """Each number of a text that `plain_digits` returned: all it may mean, and its currency or an empty text.

    `1.200` may be 1200 and 1.2; both are given.
    """
    text, end = text.lower(), 0
    for found in _NUMBER.finditer(text):
        before = _MONEY_BEFORE.search(text[max(end, found.start() - _LONGEST_MONEY) : found.start()])
        end = found.end()
        yield (
            _readings(found["digits"], found["scale"] or ""),
            _CURRENCIES.get(before[0] if before else found["after"], ""),
        )


def is_a_count(readings: frozenset[str]) -> bool:
    """Whether it is a number so small that somebody may have counted: `the mail names 3 points`."""
    return any(value.isdigit() and int(value) <= _FEW for value in readings)


@lru_cache(maxsize=4_096)
def _readings(digits: str, scale: str) -> frozenset[str]:
    whole = _THOUSANDS.sub("", digits)
    forms = {whole.replace(",", "."), digits.replace(",", ".") if digits.count(".") + digits.count(",") == 1 else whole}
    plain = {_plain(form) for form in forms if form.count(".") <= 1 and form.replace(".", "").isdigit()}
    if not scale:
        return frozenset(plain or {digits})
    return frozenset(_plain(str(Decimal(form).scaleb(_SCALES[scale]))) for form in plain)


def _plain(number: str) -> str:
    # Long rows of digits are names rather than amounts, and a leading zero belongs to a name.
    if len(number) > 25:
        return number
    value = Decimal(number)
    return format(value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize(), "f")
