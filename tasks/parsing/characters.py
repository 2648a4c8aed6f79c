"""Removes invisible characters from what a model reads, and counts them; what people read keeps them."""

import re
from typing import NamedTuple

# Zero-width joiner and non-joiner stay: emoji, Hindi and Persian need them. Between Latin letters they hide something.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
    "|(?<=[A-Za-z])[\u200c\u200d](?=[A-Za-z])"
)


class Cleaned(NamedTuple):
    """`removed` counts characters; a handful is ordinary, hundreds hide text."""

    text: str
    removed: int


def clean_for_model(text: str) -> Cleaned:
    """Return a copy without invisible, direction-changing and control characters."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return Cleaned(text, 0)
    # A line separator is a line's end to every reader; dropping it would join words.
    cleaned, removed = INVISIBLE.subn("", text.replace("\u2028", "\n").replace("\u2029", "\n\n"))
    return Cleaned(cleaned, removed)
