"""Finds and removes links, addresses and account numbers in untrusted text, of models or of mails.

The operator's allowed ones may stay. Everything else is removed that a mail program, a chat or a browser makes
clickable, that can be dialled, or that can be paid to. HTML tags are escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from tasks.links.allowed import NOTHING, Allowed, allow, ascii_host
from tasks.links.characters import plain_letters, without_entities, without_smuggled
from tasks.links.hosts import find_hosts
from tasks.links.numbers import find_numbers
from tasks.links.spelt import TAG, find_spelt

__all__ = ["NOTHING", "Allowed", "allow", "ascii_host", "find_hosts", "names_address", "without_links"]

REMOVED = "[removed]"
_MOST_ROUNDS = 5  # after a removal, the rest may form another link


@lru_cache(maxsize=512)  # an answer is judged for several reasons, and planned later
def names_address(text: str, allowed: Allowed = NOTHING) -> bool:
    """Return whether the text has a link, an address, a number to dial or to pay to, HTML, or hidden characters."""
    plain = plain_letters(text)
    return without_smuggled(text) != text or bool(TAG.search(plain)) or bool(_spans(without_entities(plain), allowed))


def without_links(text: str, allowed: Allowed = NOTHING) -> str:
    """Return the text with `[removed]` in place of each of these, and with HTML escaped.

    Unusual letter forms are replaced only in texts from which something is removed.
    """
    plain = plain_letters(text)
    read = without_entities(plain)
    spans = _spans(read, allowed)
    if not spans:
        return _escaped(plain) if TAG.search(plain) else without_smuggled(text)
    for _ in range(_MOST_ROUNDS):
        read = _cut(read, spans)
        spans = _spans(read, allowed)
        if not spans:
            return _escaped(read)
    return REMOVED


def _escaped(text: str) -> str:
    return TAG.sub("&lt;", text)


def _spans(plain: str, allowed: Allowed) -> tuple[tuple[int, int], ...]:
    """Return the spans of everything that is not allowed, in order. Overlapping spans are joined."""
    return tuple((start, end) for start, end in _found(plain) if not _may_stand(plain[start:end], allowed))


@lru_cache(maxsize=512)
def _found(plain: str) -> tuple[tuple[int, int], ...]:
    found = sorted({*find_hosts(plain), *find_spelt(plain), *find_numbers(plain)})
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def _may_stand(found: str, allowed: Allowed) -> bool:
    if allowed == NOTHING:
        return False
    is_allowed, path = allowed.has(found)
    return is_allowed and not (path and _spans(path[1:], NOTHING))


def _cut(plain: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [plain[at:start], REMOVED]
        at = end
    return "".join([*pieces, plain[at:]])
