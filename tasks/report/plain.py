"""Makes untrusted text safe for a page: a browser shows it, and fetches and runs nothing from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

from tasks.parsing.characters import clean_for_model

# Prefect's pages render Markdown and HTML, even in table cells, and would fetch `<img src=…>` and `![](…)`.
_SPECIAL = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "|": "¦", "`": "'", "\\": "/", "&": "＆"})
_LINES = re.compile(r"\s+")
# A page may turn a bare address into a link.
_ADDRESS = re.compile(r"(https?|ftp|file|data|javascript):", re.IGNORECASE)


def plain_cell(text: str, most: int) -> str:
    """The text on one line of at most `most` characters, with everything escaped that Markdown or HTML interprets."""
    line = _LINES.sub(" ", clean_for_model(text).text).strip()
    line = _ADDRESS.sub(r"\1 :", line.translate(_SPECIAL))
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def narrow_cell(text: str, most: int) -> str:
    """As `plain_cell`, at most as wide as `most` Latin letters; Chinese, Japanese and Korean ones count twice."""
    line, room = plain_cell(text, most), most
    for place, letter in enumerate(line):
        room -= 2 if east_asian_width(letter) in "WF" else 1
        if room < 0:
            return line[: max(0, place - 1)].rstrip("…").rstrip() + "…"
    return line


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a Markdown table and a blank one; none where there is no row. The cells are plain already."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines, ""] if lines else []
