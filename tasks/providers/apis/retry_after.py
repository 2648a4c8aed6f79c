"""How long a provider asks us to wait, in any of the ways they say it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


def told_wait_s(headers: Mapping[str, str], details: Sequence[Mapping[str, Any]] = ()) -> float | None:
    """Seconds to wait by `retry-after-ms`, `Retry-After` (seconds or a date) or Google's RetryInfo; null if none is said.

    `details` are those of a Google error. A time that is over is 0; nonsense is nothing.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1_000
    told = headers.get("retry-after")
    if told:
        seconds = _number(told)
        return seconds if seconds is not None else _until(told)
    return _retry_info(details)


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


def _retry_info(details: Sequence[Mapping[str, Any]]) -> float | None:
    for detail in details:
        found = _SECONDS.fullmatch(str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    return None
