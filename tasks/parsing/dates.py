"""Reads when a mail was written: in RFC 5322's form, in ISO 8601's, and in what programs of many languages write.

What can be read in two ways is not guessed: a date is right, or it is unknown and a defect says so.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from tasks.parsing.headers import decode_text
from tasks.parsing.month_names import month_of

UNREADABLE = "date cannot be read"
UNKNOWN_ZONE = "date of an unknown zone"
NO_ZONE = "date without a zone: taken for UTC"
USUAL = re.compile(
    r"(?:[A-Za-z]{3},? +)?(\d{1,2}) ([A-Za-z]{3}) (\d{4})"
    r" (\d{1,2}):(\d\d)(?::(\d\d))? ([+-])(\d\d)(\d\d)(?: \([^()]*\))?"
)
COMMENT = re.compile(r"\(([^()]*)\)")
ISO = re.compile(r"^(\d{4}-\d\d-\d\d)T(?=\d)")
COLON = re.compile(r"(?<=\d)\s*:\s*(?=\d)")
HALVES = r"a\.?\s?m\b\.?|p\.?\s?m\b\.?|午前|午後|上午|下午|오전|오후"
TIME = re.compile(
    rf"(?:(?P<before>午前|午後|上午|下午|오전|오후)\s*)?(?<![\d+:-])(?P<hour>\d{{1,2}})[:.](?P<minute>\d\d)"
    rf"(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?(?![\d.])\s*(?P<after>{HALVES})?",
    re.IGNORECASE,
)
COLON_TIME = re.compile(TIME.pattern.replace("[:.]", ":"), re.IGNORECASE)
AFTERNOON, MORNING = ("p", "午後", "下午", "오후"), ("a", "午前", "上午", "오전")
OFFSET = re.compile(r"(?<![\w-])(?:GMT|UTC?|Z)?\s?([+\u2212-])\s?(\d{1,2}):?(\d\d)?(?![\d:])", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]{1,12}")
# Words that stand behind a time and name no zone.
NO_ZONES = {"uhr", "h", "hrs", "hours", "de", "at", "kl", "klo", "o", "clock", "г", "год"}
ZONES = {
    **dict.fromkeys(("UT", "UTC", "GMT", "Z", "WET"), 0.0),
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "NST": -3.5, "NDT": -2.5, "BRT": -3, "BRST": -2, "ART": -3,
    "WEST": 1, "CET": 1, "MEZ": 1, "MET": 1, "CEST": 2, "MESZ": 2, "MEST": 2, "EET": 2, "SAST": 2, "EEST": 3, "MSK": 3,
    "TRT": 3, "MSD": 4, "PKT": 5, "NPT": 5.75, "ICT": 7, "WIB": 7, "HKT": 8, "SGT": 8, "PHT": 8, "AWST": 8,
    "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
BETWEEN = r"(?:\s|[-/.,]|\bde\b|\bdi\b|\bdel\b)*"
DAY_FIRST = re.compile(
    rf"(?<!\d)0?(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|°)?{BETWEEN}(?P<month>[^\W\d_]{{3,15}}){BETWEEN}(?P<year>\d{{2,4}})(?!\d)",
    re.IGNORECASE,
)
MONTH_FIRST = re.compile(
    r"(?P<month>[^\W\d_]{3,15})[\s.-]*(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s,-]+(?:\D{0,12}\s)?(?P<year>\d{4}|\d{2})(?!\d)",
    re.IGNORECASE,
)
YEAR_FIRST = re.compile(r"(?<!\d)(?P<year>\d{4})\s?[-/.年년]\s?(?P<month>\d{1,2})\s?[-/.月월]\s?(?P<day>\d{1,2})(?!\d)")
DAY_AND_NUMBER = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})[\s,]+(?:thg|tháng)?\s?(?P<month>\d{1,2})\s?[月월,]?\s*(?P<year>\d{4})(?!\d)",
    re.IGNORECASE,
)
DOTTED = re.compile(r"(?<!\d)(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})(?!\d)")
SLASHED = re.compile(r"(?<!\d)(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?!\d)")
YEARS = range(1900, 2200)


class ReadDate(NamedTuple):
    """`moment` is in UTC, None where it is unknown; `defect` is empty where the date is whole and clear."""

    moment: datetime | None
    defect: str = ""


def read_date(raw: str) -> ReadDate:
    """Return the moment that a Date field names."""
    text = decode_text(raw)[:200]
    if not text:
        return ReadDate(None)
    try:
        usual = USUAL.fullmatch(text)
        return read_usual(usual) if usual else read_any(text)
    except (ValueError, OverflowError):
        return ReadDate(None, UNREADABLE)


def read_usual(found: re.Match[str]) -> ReadDate:
    """Return the moment of a date in RFC 5322's form, which nearly all mails have.

    Raises:
        ValueError: There is no such date.
    """
    day, name, year, hour, minute, second, sign, hours, minutes = found.groups()
    time = int(hour), int(minute), min(59, int(second or 0))
    return moment((int(year), month_of(name), int(day)), time, offset(sign, int(hours), int(minutes)))


def read_any(text: str) -> ReadDate:
    """Return the moment of a date in any form.

    Raises:
        ValueError: There is no such date.
    """
    comments = COMMENT.findall(text)
    text = COLON.sub(":", ISO.sub(r"\1 ", COMMENT.sub(" ", text)))
    time = COLON_TIME.search(text) or (TIME.search(text, text.find(" ")) if " " in text else None)
    behind = text[time.end() :] if time else ""
    zone_at = OFFSET.search(behind)
    date = (text[: time.start()] if time else text) + " " + (OFFSET.sub(" ", behind) if zone_at else behind)
    parts = date_in(date)
    if parts is None:
        return ReadDate(None, UNREADABLE)
    if zone_at:
        return moment(parts, clock(time), offset(zone_at[1], int(zone_at[2]), int(zone_at[3] or 0)))
    zone, defect = zone_named(behind, comments)
    return moment(parts, clock(time), zone, defect) if zone else ReadDate(None, defect)


def clock(time: re.Match[str] | None) -> tuple[int, int, int]:
    """Return the hour, minute and second of a day of 24 hours.

    Raises:
        ValueError: There is no such time.
    """
    if time is None:
        return 0, 0, 0
    hour, half = int(time["hour"]), (time["before"] or time["after"] or "").lower()
    if half.startswith(AFTERNOON) and hour < 12:
        hour += 12
    if half.startswith(MORNING) and hour >= 12:
        if hour > 12:
            raise ValueError("an hour after noon in the morning")
        hour = 0
    return hour, int(time["minute"]), min(59, int(time["second"] or 0))


def date_in(text: str) -> tuple[int, int | None, int] | None:
    """Return year, month and day; None where there is none, or where day and month could be either."""
    for pattern in (YEAR_FIRST, DAY_FIRST, MONTH_FIRST, DAY_AND_NUMBER, DOTTED):
        for found in pattern.finditer(text):
            month = int(found["month"]) if found["month"].isdigit() else month_of(found["month"])
            if month:
                return full_year(found["year"]), month, int(found["day"])
    slashed = SLASHED.search(text)
    if slashed:
        first, second = int(slashed[1]), int(slashed[3])
        if first > 12 or first == second:
            return int(slashed[4]), second, first
        if second > 12:
            return int(slashed[4]), first, second
    return None


def full_year(digits: str) -> int:
    """Return the year; two and three digits as RFC 5322, 4.3 has them."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if len(digits) == 2 and year < 50 else 1900)


def zone_named(behind: str, comments: list[str]) -> tuple[tzinfo | None, str]:
    """Return the zone that is named after the time, and a defect.

    The zone is UTC where none is named, and None where its name is not known.
    """
    for words in (WORD.findall(behind), [word for comment in comments for word in WORD.findall(comment)]):
        names = [word for word in words if word.lower() not in NO_ZONES and not (word.isalpha() and month_of(word))]
        if names:
            hours = ZONES.get(names[0].upper())
            return (None, UNKNOWN_ZONE) if hours is None else (timezone(timedelta(hours=hours)), "")
    return UTC, NO_ZONE


def offset(sign: str, hours: int, minutes: int) -> timezone:
    """Return the zone of an offset from UTC.

    Raises:
        ValueError: No place has such a time.
    """
    if hours > 14 or minutes > 59:
        raise ValueError("no such zone")
    whole = timedelta(hours=hours, minutes=minutes)
    return timezone(whole if sign == "+" else -whole)


def moment(date: tuple[int, int | None, int], time: tuple[int, int, int], zone: tzinfo, defect: str = "") -> ReadDate:
    """Return the moment in UTC of a year, month and day.

    Raises:
        ValueError: There is no such day or time.
    """
    year, month, day = date
    if month is None or year not in YEARS:
        return ReadDate(None, UNREADABLE)
    return ReadDate(datetime(year, month, day, *time, tzinfo=zone).astimezone(UTC), defect)
