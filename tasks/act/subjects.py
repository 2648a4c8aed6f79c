"""The subject of a reply: `Re: ` and the mail's subject unchanged, as mail programs and ticket systems thread by it."""

from __future__ import annotations

import re

# Reply prefixes of mail programs in many languages, with the counters that some of them add.
_REPLY = re.compile(
    r"\s*(?:re|aw|antw|antwort|sv|vs|odp|ynt|res|rif|r|ré|rép|bls|balas|atb|ats|vá|vast|ref|отв|ответ|на|απ|σχετ|"
    r"回复|回覆|答复|答覆|回信|返信|답장|회신|رد|תשובה|השב)\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*[:：]",
    re.IGNORECASE,
)
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_MOST_CHARACTERS = 1_000


def reply_subject(subject: str) -> str:
    """The reply's subject on one line, so that it can't start another header field."""
    own = _BREAKS.sub(" ", subject).strip()[:_MOST_CHARACTERS]
    return own if _REPLY.match(own) else f"Re: {own}".strip()


def without_prefix(subject: str) -> str:
    """The subject without reply prefixes."""
    return _REPLY.sub("", subject, count=1).strip()
