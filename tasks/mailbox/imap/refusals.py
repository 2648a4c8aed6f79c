"""Reads what a mail server says when it refuses, and tells whether the refusal passes by itself.

A server refuses while it is busy, limits requests or restarts. It says so in different ways: with response codes
(RFC 5530), with `BAD` and a time to wait (Exchange), or with `BYE`. No setting is wrong in these cases.
"""

from __future__ import annotations

import imaplib
import re
from dataclasses import dataclass

from imap_tools.errors import UnexpectedCommandStatusError

from tasks.errors import SourceUnavailable

MOST_WORDS = 300  # characters of a server's answer that are told

_PASSES = re.compile(
    r"\[(UNAVAILABLE|INUSE|LIMIT|THROTTLED)\]"
    r"|\bBYE\b|throttl|back-?off time|authenticated but not connected"
    r"|too many (simultaneous |concurrent |login |open )?(connection|command|request|attempt|session)"
    r"|try (it )?(again )?later|temporar(y|ily)|(server|service) (is )?(too )?(busy|unavailable)|\brate limit"
    r"|exceeded (command or )?bandwidth|going down|maintenance|shutting down|restart",
    re.IGNORECASE,
)
_WAIT = re.compile(
    r"(?:back-?off time|retry[- ]after|(?:again|retry|wait) (?:in|after|for))\W{0,3}(\d{1,9})\s*"
    r"(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m)?\b",
    re.IGNORECASE,
)
_QUOTED_BYTES = re.compile(r"b'((?:[^'\\]|\\.)*)'|b\"((?:[^\"\\]|\\.)*)\"")
_LIKE_A_SECRET = re.compile(r"[A-Za-z0-9+/=_-]{24,}")


@dataclass(frozen=True, kw_only=True)
class PassingRefusal:
    """A refusal that is worth another try: the server's words, and how long it asks us to wait, if it says so."""

    words: str
    wait_s: float | None


CUT = PassingRefusal(words="the connection was cut", wait_s=None)
"""What a server that ends a connection without a word stands for."""


def passing_refusal(error: BaseException) -> PassingRefusal | None:
    """The refusal that `error` stands for, where it passes by itself; else null."""
    if isinstance(error, SourceUnavailable):
        return PassingRefusal(words=str(error), wait_s=error.retry_after_s)
    words = words_of(error)
    return (
        PassingRefusal(words=words, wait_s=_wait_s(words)) if _said_bye(error) or is_about_the_server(error) else None
    )


def is_about_the_server(error: BaseException) -> bool:
    """Whether the server's words say that it is busy, limits us or goes down, so that no mail is to blame."""
    return bool(_PASSES.search(words_of(error)))


def _said_bye(error: BaseException) -> bool:
    # imaplib raises `abort` with the text after BYE, and also where the connection just ends.
    is_abort = isinstance(error, imaplib.IMAP4.abort) and not isinstance(error, imaplib.IMAP4.readonly)
    return is_abort and "socket error" not in str(error)


def words_of(error: BaseException) -> str:
    """What the server said, on one line; nothing in it that looks like a password or a token it repeats."""
    said = " ".join(map(str, error.command_result)) if isinstance(error, UnexpectedCommandStatusError) else str(error)
    plain = _QUOTED_BYTES.sub(lambda found: found[1] or found[2] or "", said)
    line = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    line = re.sub(r"^command: \S+ => ", "", line)
    return _LIKE_A_SECRET.sub("…", line)[:MOST_WORDS] or type(error).__name__


def _wait_s(words: str) -> float | None:
    found = _WAIT.search(words)
    if found is None:
        return None
    unit = (found[2] or "").lower()
    # Exchange tells milliseconds; others tell seconds.
    factor = 0.001 if unit.startswith(("milli", "ms")) else 60.0 if unit.startswith("m") else 1.0
    return int(found[1]) * factor
