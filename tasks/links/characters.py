"""Characters that hide what a text says: invisible ones, tags, overrides of direction, and odd forms of letters."""

from __future__ import annotations

import html
import re
import unicodedata

# Default-ignorable code points (Unicode, DerivedCoreProperties), those of fillers among them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# No ordinary text has these: tags outside of a flag, embeddings and overrides of direction, fillers, annotations.
_SMUGGLED = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{1,8}\U000e007f)"
    "|[\u202a-\u202e\u206a-\u206f\u3164\uffa0\ufff0-\ufffb\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)


def plain_letters(text: str) -> str:
    """The text as a browser reads it: without invisible characters, in compatibility form (NFKC)."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    # A second time, because some compatibility forms leave characters that are invisible themselves.
    return plain if plain.isascii() else _INVISIBLE.sub("", plain)


def without_entities(plain: str) -> str:
    """The text with the characters that HTML entities stand for."""
    return html.unescape(plain) if "&" in plain else plain


def without_smuggled(text: str) -> str:
    """Return the text without characters that hide something; those that emoji and scripts need stay."""
    if text.isascii():
        return text
    return _SMUGGLED.sub(lambda found: found["flag"] or "", text)
