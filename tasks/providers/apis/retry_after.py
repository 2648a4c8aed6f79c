"""Reads how long a provider asks callers to wait, in all formats that providers use."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

_WORDS = re.compile(
    r"(?:try again|retry) in (?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?"
    r"(?:(\d{1,6}(?:\.\d{1,9})?) ?s)?(?:(\d{1,6}(?:\.\d+)?) ?ms)?",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


def told_wait_s(
    headers: Mapping[str, str], details: Sequence[Mapping[str, Any]] = (), message: str = ""
) -> float | None:
    """Seconds to wait, from `retry-after-ms`, `Retry-After` (seconds or a date), Google's RetryInfo or the message.

    `details` are those of a Google error. A past time gives 0. Invalid values are ignored; null if there is none.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1_000
    told = headers.get("retry-after")
    if told:
        seconds = _number(told)
        return seconds if seconds is not None else _until(told)
    in_details = _retry_info(details)
    return _in_words(message) if in_details is None else in_details


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def _until(date: str) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except (ValueError, OverflowError, TypeError):
        return None


def _in_words(message: str) -> float | None:
    """The wait in a message such as "Please try again in 7m12s". Only the start is read; the rest may quote a mail."""
    found = _WORDS.search(message[:400])
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3_600 + minutes * 60 + seconds + milliseconds / 1_000


def _retry_info(details: Sequence[Mapping[str, Any]]) -> float | None:
    for detail in details:
        found = _SECONDS.fullmatch(str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    return None
