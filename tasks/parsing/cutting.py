"""Makes long texts fit: cuts them, or splits them into parts, where a sentence ends.

How long is long is the caller's `estimate`, which gives a text's tokens and grows with the text.
"""

import re
from bisect import bisect_right
from collections.abc import Callable

Estimate = Callable[[str], int]

CUT_MARK = "\n\n[The text is longer; it was cut here.]"
# A full stop after a digit or a single letter is an ordinal or an initial; Chinese and Japanese put no blank after one.
SENTENCE_END = re.compile(r"(?<!\d)(?<!\b\w)[.!?…؟।]+[\"'”’»)\]]*(?=\s)|[。！？][」』）”]*|\n+")
WORD_END = re.compile(r"\s+")
# A border that leaves more than this much of the room empty is worse than the end of a word.
EMPTIEST = 0.75
FIRST_CHARS = 4


def cut_text(text: str, max_tokens: int, estimate: Estimate) -> tuple[str, bool]:
    """Return `text` within `max_tokens`, and whether it was cut; a cut text says so at its end.

    Where there is no room for the mark, the text is cut without it.
    """
    if estimate(text) <= max_tokens:
        return text, False
    room = max_tokens - estimate(CUT_MARK)
    if room < 1:
        return text[: fitting(text, 0, max(1, max_tokens), estimate)].rstrip(), True
    return text[: fitting(text, 0, room, estimate)].rstrip() + CUT_MARK, True


def split_text(text: str, max_tokens: int, estimate: Estimate) -> list[str]:
    """Return the parts of `text` in order, each within `max_tokens`; joined they are the text again.

    A single character that the estimate puts above `max_tokens` is a part all the same.
    """
    parts = []
    start = 0
    while start < len(text):
        end = fitting(text, start, max(1, max_tokens), estimate)
        parts.append(text[start:end])
        start = end
    return parts


def fitting(text: str, start: int, max_tokens: int, estimate: Estimate) -> int:
    """Return where the part from `start` ends: at the last border within the limit, and after it by one at least."""
    size = FIRST_CHARS * max_tokens
    while start + size < len(text) and estimate(text[start : start + size]) <= max_tokens:
        size *= 2
    low, high = start, min(len(text), start + size)
    if estimate(text[start:high]) <= max_tokens:
        return high
    while high - low > 1:  # the most characters that fit
        middle = (low + high) // 2
        if estimate(text[start:middle]) <= max_tokens:
            low = middle
        else:
            high = middle
    if low == start:
        return start + 1
    return border(text, start, low)


def border(text: str, start: int, most: int) -> int:
    """Return the best end at or before `most`: a sentence's, else a word's, else `most`."""
    window = text[start : most + 1]
    earliest = int((1 - EMPTIEST) * (most - start))
    for pattern in (SENTENCE_END, WORD_END):
        ends = [found.end() for found in pattern.finditer(window)]
        at = bisect_right(ends, most - start)
        if at and ends[at - 1] >= max(1, earliest):
            return start + ends[at - 1]
    return most
