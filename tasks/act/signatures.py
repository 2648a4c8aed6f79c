"""Checks whether a DKIM signature of the sender's domain covers a mail's From."""

from __future__ import annotations

import dkim

from tasks.act.domains import Dns, is_aligned

_MOST_SIGNATURES = 5


def signer_of(raw: bytes, domain: str, dns: Dns) -> str:
    """Why the mail's From in `domain` can be relied on, as `signed by `a.example` (DKIM)`; empty where it can't."""
    try:
        mail = dkim.DKIM(raw, timeout=5)
    except dkim.DKIMException:
        return ""
    signatures = [value for name, value in mail.headers if name.lower() == b"dkim-signature"]
    for index, value in enumerate(signatures[:_MOST_SIGNATURES]):
        try:
            tags = dkim.util.parse_tag_value(value)
            signer = tags[b"d"].decode("ascii").lower()
            covered = [name.strip().lower() for name in tags[b"h"].split(b":")]
            if b"l" in tags or b"from" not in covered or not is_aligned(signer, domain):
                continue
            if mail.verify(idx=index, dnsfunc=lambda name, timeout=5: dns(name)):
                return f"signed by `{signer}` (DKIM)"
        except (dkim.DKIMException, dkim.util.InvalidTagValueList, KeyError, ValueError, UnicodeError):
            continue
    return ""
