"""Recognises from a mail server's words whether a refusal is temporary.

A server refuses while it is busy, limits requests or restarts. It says so with response codes (RFC 5530), with `BAD`
and a time to wait (Exchange), or with `BYE`. No setting is wrong in these cases.
"""

from __future__ import annotations

import imaplib
import re
from dataclasses import dataclass

from imap_tools.errors import UnexpectedCommandStatusError

from tasks.errors import SourceUnavailable

MOST_WORDS = 300  # characters of a server's answer that are shown

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
    """A temporary refusal: the server's words, and the seconds it asks to wait, null where it does not say."""

    words: str
    wait_s: float | None


CUT = PassingRefusal(words="the connection was cut", wait_s=None)
"""The refusal of a server that closes a connection without a message."""


def passing_refusal(error: BaseException) -> PassingRefusal | None:
    """The temporary refusal that `error` means; null where it is not temporary."""
    if isinstance(error, SourceUnavailable):
        return PassingRefusal(words=str(error), wait_s=error.retry_after_s)
    words = words_of(error)
    return (
        PassingRefusal(words=words, wait_s=_wait_s(words)) if _said_bye(error) or is_about_the_server(error) else None
    )


def is_about_the_server(error: BaseException) -> bool:
    """Whether the server says that it is busy, limits requests or shuts down, so that no mail is the cause."""
    return bool(_PASSES.search(words_of(error)))


def _said_bye(error: BaseException) -> bool:
    # imaplib raises `abort` with the text after BYE, and also if the connection ends without BYE.
    is_abort = isinstance(error, imaplib.IMAP4.abort) and not isinstance(error, imaplib.IMAP4.readonly)
    return is_abort and "socket error" not in str(error)


def words_of(error: BaseException) -> str:
    """The server's message on one line, without anything that looks like a repeated password or token."""
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
    # Exchange gives milliseconds, others seconds.
    factor = 0.001 if unit.startswith(("milli", "ms")) else 60.0 if unit.startswith("m") else 1.0
    return int(found[1]) * factor
