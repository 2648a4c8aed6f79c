"""Dates in texts, as people write them, and whether an answer names one that its mail does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import NamedTuple

_BEFORE, _AFTER = timedelta(days=7), timedelta(days=45)
"""What "yesterday", "next Friday" or "the 12th" may come to, counted from the day the mail was written."""
# Short forms that are words of their own, such as "out", are left aside.
_MONTHS = (
    "jan januar january janvier enero ene janeiro gennaio gen januari января styczeń stycznia",
    "feb februar february février févr fevrier febrero fevereiro fev febbraio februari февраля lutego",
    "mar märz mrz march mars marzo março maart mrt mar марта marca",
    "apr april avril avr abril abr aprile апреля kwietnia",
    "may mai mayo maio maj mei maggio mag мая maja",
    "jun juni june juin junio junho giugno giu июня czerwca",
    "jul juli july juillet juil julio julho luglio lug июля lipca",
    "aug august août aout agosto augustus augusti августа sierpnia",
    "sep sept september septembre septiembre setembro settembre сентября września",
    "oct okt october oktober octobre octubre outubro ottobre ott октября października",
    "nov november novembre noviembre novembro ноября listopada",
    "dec dez december dezember décembre diciembre dic dezembro dicembre декабря grudnia",
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_YEAR = r"(?:(?<!\d)(?:19|20)\d\d(?!\d))"
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|\.)?"
# For texts in small letters: patterns that ignore case take ten times as long.
_FORMS = (
    re.compile(r"(?=\d)(?<!\d)(?P<y>(?:19|20)\d\d)[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?=\d)(?<![\d.])(?P<d>\d{1,2})[-./](?P<m>\d{1,2})[-./](?P<y>(?:19|20)\d\d|\d\d)(?![\d.]*\d)"),
    re.compile(
        rf"(?P<d>\d(?<!\d\d)\d?){_ORDINAL}\s*(?:of\s+|de\s+)?(?P<n>{_NAMES})\b\.?,?(?:\s+(?:de\s+)?(?P<y>{_YEAR}))?"
    ),
    re.compile(rf"\b(?P<n>{_NAMES})\.?\s+(?P<d>\d{{1,2}}){_ORDINAL}(?!\d|[.,:]\d)(?:,?\s+(?P<y>{_YEAR}))?"),
    re.compile(r"(?:(?P<y>(?:19|20)\d\d)\s*[年년]\s*)?(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日일]"),
)
# Signs that a form is worth a search, which takes much longer.
_DIGIT, _NUMERIC, _CHARACTER = map(re.compile, (r"\d", r"\d[-./]\d", "[月월]"))
_DIGITS = re.compile(r"\d+")
_MONTHS_BEFORE = tuple(_MONTH)
JOINT = "\n|\n"
"""What stands between texts that are searched together, so that nothing is found across them."""


class Day(NamedTuple):
    """A day; the year is null where it is not named."""

    year: int | None
    month: int
    day: int


def days_in(text: str) -> Iterator[frozenset[Day]]:
    """Each date of the text, as all the days it may mean: `3/4/2026` is in March or in April."""
    text = text.lower()
    for form in _forms_in(text):
        for found in form.finditer(text):
            parts = found.groupdict()
            year = _year(parts.get("y"))
            month = _MONTH[parts["n"]] if parts.get("n") else int(parts["m"])
            day = int(parts["d"])
            turned = {(day, month)} if found.re is _FORMS[1] else set()
            meant = frozenset(Day(year, m, d) for m, d in {(month, day), *turned} if 1 <= m <= 12 and 1 <= d <= 31)
            if meant:
                yield meant


def without_days(text: str) -> str:
    """The text in small letters with a blank in place of each date, so that no number is left of one."""
    text = text.lower()
    for form in _forms_in(text):
        text = form.sub(" ", text)
    return text


def _forms_in(text: str) -> Iterator[re.Pattern[str]]:
    if not _DIGIT.search(text):
        return
    if _NUMERIC.search(text):
        yield from _FORMS[:2]
    yield _FORMS[2]  # it begins with a digit, to which a search jumps
    if any(before.rstrip().rstrip(".").endswith(_MONTHS_BEFORE) for before in _DIGITS.split(text)[:-1]):
        yield _FORMS[3]
    if _CHARACTER.search(text):
        yield _FORMS[4]


def has_invented_date(said: Iterable[str], own: str, written: str) -> bool:
    """Whether one of the texts names a date that stands neither in `own`, the mail's words, nor near its own date.

    `written` is the mail's date in ISO 8601, empty where it has none.
    """
    named = list(days_in(JOINT.join(said)))
    if not named:
        return False
    known = {day for meant in days_in(own) for day in meant}
    sent = _sent(written)
    return not all(any(_is_known(day, known, sent) for day in meant) for meant in named)


def _is_known(day: Day, known: set[Day], sent: date | None) -> bool:
    for other in known:
        if (other.month, other.day) == (day.month, day.day) and _years_fit(day.year, other.year, sent):
            return True
    return sent is not None and any(_is_near(day, year, sent) for year in _years_of(day, sent))


def _years_fit(year: int | None, other: int | None, sent: date | None) -> bool:
    if year is None or year == other:
        return True
    return other is None and (sent is None or abs(year - sent.year) <= 1)


def _years_of(day: Day, sent: date) -> tuple[int, ...]:
    return (sent.year - 1, sent.year, sent.year + 1) if day.year is None else (day.year,)


def _is_near(day: Day, year: int, sent: date) -> bool:
    with suppress(ValueError):
        return sent - _BEFORE <= date(year, day.month, day.day) <= sent + _AFTER
    return False


def _sent(written: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(written[:10])
    return None


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) + (2000 if len(text) == 2 else 0)
