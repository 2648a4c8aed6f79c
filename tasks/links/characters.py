"""Characters that hide a text's content: invisible ones, tags, direction overrides, and unusual letter forms."""

from __future__ import annotations

import html
import re
import unicodedata

# Default-ignorable code points (Unicode, DerivedCoreProperties), including fillers.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Normal text does not have these: tags outside of flags, direction embeddings and overrides, fillers, annotations.
_SMUGGLED = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{1,8}\U000e007f)"
    "|[\u202a-\u202e\u206a-\u206f\u3164\uffa0\ufff0-\ufffb\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)


def plain_letters(text: str) -> str:
    """The text as a browser interprets it: without invisible characters, in compatibility form (NFKC)."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    # Removed again, because some compatibility forms contain invisible characters.
    return plain if plain.isascii() else _INVISIBLE.sub("", plain)


def without_entities(plain: str) -> str:
    """The text with HTML entities replaced by their characters."""
    return html.unescape(plain) if "&" in plain else plain


def without_smuggled(text: str) -> str:
    """Return the text without characters that hide something. Those that emoji and scripts need are kept."""
    if text.isascii():
        return text
    return _SMUGGLED.sub(lambda found: found["flag"] or "", text)
