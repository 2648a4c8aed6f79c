"""Domains: who answers for them, and which stand for one another."""

from __future__ import annotations

from collections.abc import Callable

Dns = Callable[[bytes], bytes | None]
"""The TXT record of a DNS name, null where there is none."""


def is_aligned(said: str, domain: str) -> bool:
    """Whether the checked name is the sender's domain or one above it (RFC 7489, relaxed), but never a whole TLD."""
    return said == domain or ("." in said and domain.endswith("." + said))
