"""Finds numbers to dial or to pay to: telephone numbers of several countries, accounts (IBAN), and wallets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from string import ascii_letters

import phonenumbers
from stdnum import iban, numdb

from tasks.links.words import words

_SEPARATORS = r"[ ()/.\-–‑]"
# It begins with what a search can jump to; what may not stand before is looked at behind that.
_RUN = re.compile(
    rf"[\d(](?<![\w.,][\d(])(?<![A-Za-z]-[\d(])(?:(?<=\d)|(?<=\()\d)(?:{_SEPARATORS}{{0,3}}\d){{5,16}}(?![\w])"
)
_INTERNATIONAL = re.compile(rf"\+\s?\(?\d(?:{_SEPARATORS}{{0,3}}\d){{6,16}}")
_NOT_DIALLED = re.compile(
    # Dates.
    r"(?<![\d./])(?<!\d-)(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?![./-]?\d)"
    # Sums.
    r"|(?<![\d.,])\d{1,3}(?:[.,' ]\d{3}){1,6}(?:[.,]\d{1,2})?"
    r"(?=\s?(?:[€$£¥₽%]|(?:EUR|USD|GBP|CHF|euros?|dollars?|Kč|zł|kr|руб)\b))"
    r"|(?:(?<=[€$£¥])|(?<=[€$£¥]\s))\d{1,3}(?:[.,' ]\d{3}){1,6}(?:[.,]\d{1,2})?"
    r"|(?<![\d.,])\d{1,3}(?:[.,']\d{3}){1,6}(?:[.,]\d{1,2})?(?![\d.,-]?\d)"
    # Hours.
    r"|(?<!\d)\d{1,2}\.\d\d\s?[-–]\s?\d{1,2}\.\d\d(?!\d)"
)
# Some countries whose national numbers begin with 0. Another country's number is usually valid in one of them, too.
_REGIONS = ("DE", "GB", "FR", "IT", "NL", "JP", "AU", "CH")
_DIGITS_WITH_ZERO = range(8, 13)
_MOST_LOOKED_UP = 50  # numbers per text; each takes milliseconds, and normal texts have fewer
# Groups of digits in countries whose numbers do not begin with 0: North America, Iberia and Central Europe, Italy,
# China, Brazil, Mexico, India. Digits without groups do not match, because order numbers look like that, too.
_GROUPED = re.compile(
    r"(?:1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])\d{3}[-. ]\d{4}"
    r"|1?[-. ]?8(?:00|33|44|55|66|77|88)[-. ]\d{3}[-. ]\d{4}"
    r"|[5-9]\d\d([ .-])\d{3}\1\d{3}|[6-9]\d\d \d\d \d\d \d\d|[5-9]\d \d{3} \d\d \d\d|3\d\d[ -]\d{3} ?\d{3,4}"
    r"|1[3-9]\d[ -]\d{4}[ -]\d{4}|\(?[1-9]\d\)? 9?\d{4}-\d{4}|\d\d \d{4} \d{4}|[6-9]\d{4} \d{5}"
    r"|8[ -]\(?[3489]\d\d\)?[ -]\d{3}[ -]\d\d[ -]?\d\d"
)
_CALL_NEAR = 40
_NEAREST_WORDS = 5
# Signs that a form is worth a search, which takes much longer.
_FOUR_DIGITS = re.compile(r"\d(?:\D{0,3}\d){3}")
_LONG_WITH_DIGIT = re.compile(r"\d\w{20}|\w{20}\d")
_SHORTEST_WITH_DIGIT, _SHORTEST_WALLET = 21, 23
_SIX_DIGITS = re.compile(rf"\d(?:{_SEPARATORS}{{0,3}}\d){{5}}")
_DIGITS = re.compile(r"\d+")
_WALLET = re.compile(
    r"(?<![A-Za-z0-9])(?:0[xX][0-9a-fA-F]{40}|(?i:(?:bc|tb|ltc)1[a-z0-9]{20,90})|(?i:[a-z]{2,10}1[ac-hj-np-z02-9]{25,90})|[0-9A-Za-z]{25,110})(?![A-Za-z0-9])"
)
_PREFIXED = re.compile(r"[a-z]{2,10}1", re.IGNORECASE)
_IBAN_SEPARATORS = " .,_/-\u2010\u2011\u2012\u2013\u2014\u2015"
_MOST_SEPARATORS = 3
_LETTERS = frozenset(ascii_letters)
_BETWEEN = rf"[{re.escape(_IBAN_SEPARATORS)}]{{0,{_MOST_SEPARATORS}}}"
_IBAN = re.compile(
    rf"(?<![A-Za-z0-9])[A-Za-z]{_BETWEEN}[A-Za-z](?:{_BETWEEN}\d){{2}}(?:{_BETWEEN}[A-Za-z0-9]){{11,30}}"
)
_KINDS = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
_SURE_LENGTH, _LONGEST_IBAN = 18, 34
_GROUPED_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")


def find_numbers(text: str) -> Iterator[tuple[int, int]]:
    """The spans (start, end) of such numbers in `text`."""
    longest = max(map(len, text.split()), default=0)
    is_long = longest >= _SHORTEST_WITH_DIGIT and _LONG_WITH_DIGIT.search(text)
    if not is_long and not _FOUR_DIGITS.search(text):
        return
    yield from _phones(text)
    if longest >= _SHORTEST_WALLET:
        yield from (found.span() for found in _WALLET.finditer(text) if _is_wallet(found[0]))
    yield from _ibans(text)


def _phones(text: str) -> Iterator[tuple[int, int]]:
    if "+" in text:
        yield from (found.span() for found in _INTERNATIONAL.finditer(text))
    if not _SIX_DIGITS.search(text):
        return
    for count, found in enumerate(_RUN.finditer(_masked(text))):
        before = text[max(0, found.start() - _CALL_NEAR) : found.start()]
        if count >= _MOST_LOOKED_UP or _is_phone(found[0], before):
            yield found.span()


def _masked(text: str) -> str:
    """The text with letters in the place of each number that nobody dials."""
    pieces, at = [], 0
    for digits in _DIGITS.finditer(text):
        if digits.start() >= at and (found := _NOT_DIALLED.match(text, digits.start())):
            pieces += [text[at : found.start()], "x" * len(found[0])]
            at = found.end()
    return "".join([*pieces, text[at:]])


def _is_phone(number: str, before: str) -> bool:
    number = number.removeprefix("(") if number.count("(") > number.count(")") else number
    digits = re.sub(r"\D", "", number)
    if not 6 <= len(digits) <= 15:
        return False
    near = re.findall(r"\w+", before.lower())[-_NEAREST_WORDS:]
    if not words("call_words").isdisjoint(near):
        return True
    if _GROUPED.fullmatch(number):
        return True
    if digits.startswith("00"):
        return bool(phonenumbers.is_valid_number(_parsed(f"+{digits[2:]}", "ZZ")))
    if digits[0] != "0" or len(digits) not in _DIGITS_WITH_ZERO or "isbn" in near:
        return False
    return any(phonenumbers.is_valid_number(_parsed(number, region)) for region in _REGIONS)


def _parsed(number: str, region: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return phonenumbers.PhoneNumber()


def _is_wallet(token: str) -> bool:
    """Return whether the token is a blockchain address: hexadecimal, with a prefix (bech32), or of mixed characters."""
    is_prefixed = bool(_PREFIXED.match(token)) and token in (token.lower(), token.upper())
    return token[:2] in ("0x", "0X") or is_prefixed or _is_mixed(token)


def _is_mixed(token: str) -> bool:
    return all(any(kind(letter) for letter in token) for kind in (str.isdigit, str.islower, str.isupper))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    # An account number is looked for from its first digits, as a text has few.
    starts = [start for digits in _DIGITS.finditer(text) if (start := _country_before(text, digits.start()))]
    read_to = 0
    for country, at in starts:
        form = _form_of_iban(country) if at >= read_to else None
        if form and (found := _IBAN.match(text, at)) and (end := _end_of_iban(found[0], form)):
            read_to = at + end
            yield at, read_to
    read_to = 0
    for _, at in starts:
        if at >= read_to and (grouped := _GROUPED_ACCOUNT.match(text, at)):
            read_to = grouped.end()
            yield grouped.span()


def _country_before(text: str, at: int) -> tuple[str, int] | None:
    """The two letters before the digit at `at`, in capitals, and where they begin; null if there are none."""
    letters = ""
    for _ in range(2):
        for _ in range(_MOST_SEPARATORS):
            if at and text[at - 1] in _IBAN_SEPARATORS:
                at -= 1
        at -= 1
        if at < 0 or text[at] not in _LETTERS:
            return None
        letters = text[at] + letters
    return letters.upper(), at


def _end_of_iban(written: str, form: re.Pattern[str]) -> int:
    """Return the length of the account number at the start of `written`, with any blanks; 0 if there is none."""
    places = [at for at, letter in enumerate(written) if letter.isalnum()]
    compact = "".join(written[at] for at in places[:_LONGEST_IBAN]).upper()
    found = form.match(compact)
    return places[found.end() - 1] + 1 if found and _is_account(found[0]) else 0


@cache
def _form_of_iban(country: str) -> re.Pattern[str] | None:
    """The form of the country's account numbers, written in one piece; null if it has none."""
    form = numdb.get("iban").info(f"{country}00")[0][1].get("bban", "")
    parts = [f"{_KINDS[kind]}{{{count}}}" for count, kind in re.findall(r"(\d+)!([nac])", form)]
    return re.compile(rf"{country}[0-9]{{2}}{''.join(parts)}") if parts else None


def _is_account(compact: str) -> bool:
    """Return whether it has its country's form. Check digits are used only where the form alone is not specific."""
    if len(compact) < _SURE_LENGTH:
        return bool(iban.is_valid(compact))
    return bool(iban.is_valid(compact[:2] + iban.calc_check_digits(compact) + compact[4:], check_country=False))
