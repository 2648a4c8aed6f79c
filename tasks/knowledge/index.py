"""Which passages tell most about a text, by BM25: SQLite's full-text search (FTS5), in memory, anew when files change.

Words are folded and cut to their beginnings, so that their forms are one word; scripts without spaces are taken in
pairs of characters.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tasks.errors import Misconfigured
from tasks.knowledge.passages import Passage, passages_of, text_files

MOST_FOUND = 4
_MOST_LOOKED_UP, _MOST_TERMS = 500, 60
_STEM, _SHORTEST = 6, 3
_LEAST_TERMS = 2
"""A passage that shares one word with a mail is no answer to it."""
_WORSE = 0.4
"""A passage that fits so much less than the best one is not shown."""
_WORDS = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]+")

_lock = threading.Lock()
_kept: dict[Path, tuple[object, PassageIndex]] = {}


class PassageIndex:
    """Passages that can be searched, by any thread."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = list(passages)
        self._lock = threading.Lock()
        self._base = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            self._base.execute("CREATE VIRTUAL TABLE told USING fts5(terms, tokenize = 'ascii')")
        except sqlite3.OperationalError as error:
            raise Misconfigured(
                "MAILROOM_KNOWLEDGE_DIR: the SQLite of this Python lacks full-text search (FTS5); take another Python."
            ) from error
        self._base.execute("CREATE VIRTUAL TABLE known USING fts5vocab(told, row)")
        rows = ((number, " ".join(terms_of(one.text))) for number, one in enumerate(self._passages, 1))
        self._base.executemany("INSERT INTO told (rowid, terms) VALUES (?, ?)", rows)

    def search(self, text: str) -> list[Passage]:
        """The passages that fit a text best, the best one first; none where all that they share is common words."""
        with self._lock:
            terms = self._telling(list(dict.fromkeys(terms_of(text)))[:_MOST_LOOKED_UP])
            if not terms:
                return []
            wanted = " OR ".join(f'"{term}"' for term in terms)
            found = self._base.execute(
                "SELECT rowid, bm25(told), terms FROM told WHERE told MATCH ? ORDER BY bm25(told), rowid LIMIT ?",
                (wanted, 5 * MOST_FOUND),
            ).fetchall()
        shared = [(number, score) for number, score, told in found if len(terms & set(told.split())) >= _LEAST_TERMS]
        return [self._passages[number - 1] for number, score in shared if score <= _WORSE * shared[0][1]][:MOST_FOUND]

    def _telling(self, terms: Sequence[str]) -> set[str]:
        """Of these the rarest that passages have, without those that half of them have."""
        counted = (self._base.execute("SELECT doc FROM known WHERE term = ?", (term,)).fetchone() for term in terms)
        known = {term: found[0] for term, found in zip(terms, counted, strict=True) if found}
        most = max(2, len(self._passages) // 2)
        rare = sorted((count, term) for term, count in known.items() if count <= most)
        return {term for _, term in rare[:_MOST_TERMS]}


def terms_of(text: str) -> Iterator[str]:
    """The words of a text as they are searched, in hex where they are not ASCII; short ones are left out."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    for word in _WORDS.findall(unicodedata.normalize("NFC", plain)):
        wide = "".join(_WIDE.findall(word))
        if wide:
            yield from (_ascii(wide[at : at + 2]) for at in range(max(1, len(wide) - 1)))
        elif len(word) >= _SHORTEST or word.isdigit():
            yield _ascii(word[:_STEM])


def _ascii(term: str) -> str:
    return term if term.isascii() else f"x{term.encode().hex()}"


def index_of(folder: Path) -> PassageIndex:
    """The folder's passages as they are now; they are read again only when a file was changed.

    Raises:
        Misconfigured: There is no such folder.
    """
    stamp = tuple((path, found.st_mtime_ns, found.st_size) for path in text_files(folder) for found in [path.stat()])
    with _lock:
        if folder not in _kept or _kept[folder][0] != stamp:
            _kept[folder] = (stamp, PassageIndex(passages_of(folder)))
        return _kept[folder][1]


def found_in(folder: Path, texts: Sequence[str]) -> list[list[Passage]]:
    """For each text the passages that fit it."""
    index = index_of(folder)
    return [index.search(text) for text in texts]
