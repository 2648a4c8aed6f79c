"""Words of a text as they are compared: without accents, capital letters and endings."""

from __future__ import annotations

import re
from functools import lru_cache

from tasks.parsing.month_names import fold

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PARTS = re.compile(r"['’-]")
_STEM = 5


@lru_cache(maxsize=32_768)
def stem(word: str) -> str:
    """The word's beginning, which its forms share."""
    return fold(word)[:_STEM]


@lru_cache(maxsize=256)
def stems_of(text: str) -> frozenset[str]:
    """The beginnings of all words of a text."""
    words = set(WORD.findall(text))
    parts = [part for word in words if not word.isalpha() for part in _PARTS.split(word)]
    return frozenset(map(stem, words.union(parts)))
