"""Lists of words that the filter for links reads, one file a list."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def words(name: str) -> frozenset[str]:
    """The words of the list `name`, in lower case; a line that begins with `#` and a blank is a comment."""
    text = resources.files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    return frozenset(word for line in lines for word in line.lower().split())
