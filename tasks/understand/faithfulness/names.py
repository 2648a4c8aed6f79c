"""Names in a text: words with a capital letter where the language would not write one."""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import pairwise

from tasks.parsing.languages import NAMES
from tasks.parsing.month_names import fold, month_of
from tasks.understand.faithfulness.words import WORD, stem, stems_of

_NOUNS_HAVE_CAPITALS = frozenset({"de", "lb"})
_BEGINNING = re.compile(r"(?:^|[.!?…:;»”\"(\[{•*>|\n]|\s[–—-])\s*$")
_NO_NAMES = {
    *map(fold, NAMES.values()),
    *"monday tuesday wednesday thursday friday saturday sunday internet web mr mrs ms dr prof herr frau team".split(),
    *"european american african asian english i ok re fwd dear hello hi".split(),
}


def unknown_name(said: str, known: str, stems: Set[str], language: str) -> bool:
    """Whether `said` names somebody or something that `known` does not; both are in this language.

    `stems` are the beginnings of the words of `known`.

    A row of words counts where nothing of it is known, or only the other half of a name, or two words side by side are
    not; a single word where the language writes ordinary words small.
    """
    for row in _rows(said):
        missing = [word for word in row if stem(word) not in stems and not _is_known(word)]
        alone = len(row) == 1 and language in _NOUNS_HAVE_CAPITALS
        if missing and not alone and len(missing) == len(row) and not _abbreviated(row, known):
            return True
        if any(one in missing and other in missing for one, other in pairwise(row)) and not _abbreviated(row, known):
            return True
        if len(row) == 2 and len(missing) == 1 and _begins_a_name(row, missing[0], known):
            return True
    return False


def names_lost(said: str, translated: str) -> bool:
    """Whether a name of several words in `said` has left no trace in its translation; both are in Latin letters."""
    beginnings = {one[:3] for one in stems_of(translated)}
    rows = [row for row in _rows(said) if len(row) > 1]
    return any(not any(stem(word)[:3] in beginnings for word in row) for row in rows)


def _rows(text: str) -> list[list[str]]:
    """Rows of words that begin with a capital letter within a sentence; words all in capitals are left out."""
    rows: list[list[str]] = []
    end = -1
    for found in WORD.finditer(text):
        word = found[0]
        if not word[0].isupper() or len(word) == 1 or word.isupper():
            continue
        if rows and text[end : found.start()] == " ":
            rows[-1].append(word)
        elif _BEGINNING.search(text[max(0, found.start() - 4) : found.start()]):
            continue
        else:
            rows.append([word])
        end = found.end()
    return rows


def _is_known(word: str) -> bool:
    plain = fold(word)
    return plain in _NO_NAMES or month_of(word) is not None


def _abbreviated(row: list[str], known: str) -> bool:
    """Whether the mail has the words' first letters: `US` for United States."""
    return re.search(rf"\b{''.join(word[0] for word in row)}\b", known) is not None


def _begins_a_name(row: list[str], missing: str, known: str) -> bool:
    """Whether the mail has the row's first word with another name behind it, and never alone."""
    if missing != row[1]:
        return False
    places = re.findall(rf"\b{re.escape(row[0])}\b(?P<next> [^\W\d_a-zà-ÿ][^\W\d_]+)?", known)
    return bool(places) and all(places)
