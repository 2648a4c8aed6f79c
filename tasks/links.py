"""Links, addresses and account numbers in text: where a model or a stranger wrote it, they have no place in what we do about a mail."""

from __future__ import annotations

import re
import unicodedata

# Bounded everywhere, so that the time it takes grows with the text and no faster.
_LINKS = re.compile(
    r"""
    \b[a-z][a-z0-9+.-]{1,15}://[^\s<>"']{1,2000}                     # a URL of any scheme
  | \b(?:mailto|tel|sms|javascript|data):[^\s<>"']{1,2000}           # and those without slashes
  | [^\s@<>()"',;:]{1,64}@[^\s@<>()"',;:]{1,255}                     # an address, or an attempt at one
  | (?<![\w@.-])www\.[^\s<>"']{1,2000}
  | (?<![\w@.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,6}[a-z]{2,24}[/?:][^\s<>"']{1,2000}   # a host with something behind it
  | (?<![\w@.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,6}                   # a bare host, by the endings people click on
    (?:com|net|org|info|biz|io|co|me|app|dev|xyz|online|site|shop|top|click|link|live|club|ru|cn|tk|de|uk|fr|eu|us|ai|
       example|invalid|test|localhost|onion)\b
  | (?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])                       # an IPv4 address
  | \+\d(?:[ ()/.-]{0,2}\d){7,14}                                   # a phone number in international form
  | (?-i:\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b)   # an account number (IBAN, ISO 13616)
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Each of these has one of these signs; most sentences have none, and this says so in a tenth of the time.
_SIGNS = re.compile(r"@|:\S|[\w-]\.\S|\+\d|[A-Z]{2}\d{2}")
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)


def names_address(text: str) -> bool:
    """Whether the text names a link, a host, an address, a phone or an account, also in letters that only look like them."""
    return _has_links(plain_letters(text))


def without_links(text: str) -> str:
    """The text with `[removed]` in place of all of these; only texts that have one lose their odd letter forms."""
    plain = plain_letters(text)
    return _LINKS.sub("[removed]", plain) if _has_links(plain) else text


def _has_links(plain: str) -> bool:
    return bool(_SIGNS.search(plain) and _LINKS.search(plain))


def plain_letters(text: str) -> str:
    """The text in compatibility form, without invisible characters: full-width letters and dots become plain ones."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).replace("。", ".")
