"""The DNS lookup that checks need, and which domains may vouch for one another."""

from __future__ import annotations

from collections.abc import Callable

Dns = Callable[[bytes], bytes | None]
"""The TXT record of a DNS name, null where there is none."""


def is_aligned(said: str, domain: str) -> bool:
    """Whether the verified name is the sender's domain or a parent of it (RFC 7489, relaxed), but not a TLD."""
    return said == domain or ("." in said and domain.endswith("." + said))
