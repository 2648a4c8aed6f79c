"""Finds hosts in text, and distinguishes them from ordinary words with full stops.

Anything with a full stop between two labels is a host, unless it has one of the forms below that no host can have, or
is in one of the lists of words. A list of host endings would have to know every top-level domain.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from tasks.links.words import words

# A label is a run of anything but white space and punctuation: letters of every script, marks, digits, emoji, `-`, `_`.
_PUNCTUATION = (
    r"\s\x00-\x2c./:-@\[-^`{-\x7f\xa0-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf×÷"
    r"\u2000-\u206f\u2190-\u21ff\u3000-\u3004\u3008-\u3020"
)
_LABEL = rf"[^{_PUNCTUATION}-][^{_PUNCTUATION}]*+"
_DOTTED = re.compile(
    rf"(?<![^{_PUNCTUATION}])[-_]*({_LABEL}(?:\.{_LABEL})++)(\.?[/\\?#][^\s<>\"']+|:\d{{1,5}}(?!\d)[^\s<>\"']*)?"
)
_DOT_NEAR = re.compile(rf"\.{_LABEL}")
_IDEOGRAPHIC_STOP = re.compile(r"[A-Za-z0-9-]+(?:[。.][A-Za-z0-9-]+)+")
_IPV6 = re.compile(
    r"\[?(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}(?![\w:])(?:%\w+)?\]?(?:[:/][^\s<>\"']+)?"
)
_NUMBER = re.compile(r"0x[0-9a-f]{1,8}|\d+", re.IGNORECASE)
# Error codes begin with 8 or C (HRESULT, NTSTATUS). IP addresses are not written in that way.
_WHOLE_ADDRESS = re.compile(r"(?=\d)(?<![\w.-])(?:0x(?![8cC])[0-9a-fA-F]{8}(?!\w)|\d{8,10}[/\\][A-Za-z][^\s<>\"']*)")
_ASCII_INSIDE = re.compile(r"[\x21-\x7e]+")
_WIDE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SPECIAL_USE = frozenset(
    "example test invalid localhost local internal lan home corp onion i2p eth alt arpa bit".split()
)
_BEHIND_NUMBERS = frozenset("am pm er re ra ro os as st nd rd th".split())  # 9.am, 3.er
_MOST_PARTS_OF_SECTION = 40
_SHORTEST_WORD = 3


def find_hosts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans (start, end) of hosts and IP addresses in `text`, including the path after them."""
    for found in _DOTTED.finditer(text) if _DOT_NEAR.search(text) else ():
        if _is_host(found[1], found[2] or "", text[: found.start(1)]):
            yield found.span()
    for found in _IDEOGRAPHIC_STOP.finditer(text) if "。" in text else ():
        if "。" in found[0] and is_ending(re.split("[。.]", found[0])[-1]):
            yield found.span()
    for found in _IPV6.finditer(text) if "::" in text or text.count(":") >= 7 else ():
        if _is_ipv6(found[0]):
            yield found.span()
    for found in _WHOLE_ADDRESS.finditer(text):
        yield found.span()


def is_ending(label: str) -> bool:
    """Whether this is a top-level domain, any `xn--` label, or a special-use name (RFC 6761)."""
    low = label.lower()
    return low in _SPECIAL_USE or low.startswith("xn--") or _is_public(low)


@lru_cache(maxsize=4096)
def _is_public(label: str) -> bool:
    return _public_suffixes().publicsuffix(f"x.{label}") is not None


def is_public_suffix(domain: str) -> bool:
    """Return whether anybody can register a name below this domain (`co.uk`, `github.io`)."""
    return _every_suffix().is_public(domain)


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)


@cache
def _every_suffix() -> PublicSuffixList:
    return PublicSuffixList()


def _is_host(name: str, behind: str, before: str) -> bool:
    labels = _own_letters(name).split(".")
    if len(labels) < 2:
        return False
    last = labels[-1].lower()
    if all(_NUMBER.fullmatch(label) for label in labels):
        return _is_ipv4(labels, behind, before)
    if last[0].isdigit() or len(last) == 1:
        return False  # no top-level domain begins with a digit or has one letter
    if is_ending(last) and behind[:1] in ("/", "\\", "?", "#"):
        return True
    return not (_is_abbreviation(labels) or _is_file(labels, behind) or _is_sentence_end(labels, behind))


def _own_letters(name: str) -> str:
    """The name without adjacent letters of scripts that use no blanks between words."""
    labels = name.split(".")
    if not name.isascii():
        labels[0] = _ascii_part(labels[0], -1)
        labels[-1] = _ascii_part(labels[-1], 0)
    return ".".join(labels)


def _ascii_part(label: str, which: int) -> str:
    """The first or last ASCII part of a label with adjacent wide letters; else the label."""
    pieces = _ASCII_INSIDE.findall(label) if _WIDE.search(label) else []
    edge = label[which] if label else ""
    return pieces[which] if pieces and edge.isascii() else label


def _is_ipv4(labels: list[str], behind: str, before: str) -> bool:
    """Return whether numbers with full stops are an IP address, not the number of a section or a version."""
    odd = any(label.lower().startswith("0x") for label in labels)
    if len(labels) != 4 or not all(odd or len(label) <= 3 or label.startswith("0") for label in labels):
        return odd
    words_before = before.split()
    is_section = bool(words_before) and words_before[-1].lower().strip("(.") in words("section_words")
    return (
        bool(behind) or not is_section or any(int(label, 0 if odd else 10) > _MOST_PARTS_OF_SECTION for label in labels)
    )


def _is_abbreviation(labels: list[str]) -> bool:
    low = [label.lower() for label in labels]
    first, last = low[:-1], low[-1]
    if ".".join(low) in words("abbreviations") or (first[-1].isdigit() and last in _BEHIND_NUMBERS):
        return True
    if is_ending(last):
        return False
    is_initials = all(len(label) == 1 for label in first) and (labels[-1][:1].isupper() or bool(_WIDE.match(last)))
    is_title = len(labels) == 2 and first[0] in words("titles") and (labels[-1][:1].isupper() or not last.isascii())
    return is_initials or is_title or all(label.isdigit() for label in first)


def _is_sentence_end(labels: list[str], behind: str) -> bool:
    """Return whether a blank is missing between two sentences: the second begins with a capital, and is no domain."""
    last = labels[-1]
    is_word = labels[0].isalpha() and labels[0][1:].islower() and last.isalpha() and last.istitle()
    return len(labels) == 2 and len(last) >= _SHORTEST_WORD and is_word and not behind and not is_ending(last)


def _is_file(labels: list[str], behind: str) -> bool:
    low = [label.lower() for label in labels]
    if low[-1] not in words("file_endings") or behind[:1] in ("/", "\\", "?"):
        return False
    if not is_ending(low[-1]):
        return not any(is_ending(label) and label not in words("file_endings") for label in low[1:-1])
    if len(low) > 2:
        return False
    return "_" in low[0].strip("_") or (
        all(part in words("file_stems") for part in re.split(r"[-_\d]+", low[0]) if part)
        and bool(re.search("[a-z]", low[0]))
    )


def _is_ipv6(text: str) -> bool:
    inside = text.strip("[").split("]")[0].split("%")[0].split("/")[0].rstrip(".")
    try:
        return ipaddress.ip_address(inside).version == 6 and any(letter.isdigit() for letter in inside)
    except ValueError:
        return False
