"""Decodes UTF-16 that has no byte order mark, or has its bytes in the wrong order."""

from __future__ import annotations

SAMPLE = 4_096


def decode_utf16(data: bytes) -> str | None:
    """Return the text in the order of bytes that its look tells; None where it is something else.

    Text in one script has few different high bytes and many different low ones. In ASCII all high bytes are zero.
    """
    if len(data) < 2 or not looks_utf16(data, sure=False):
        return None
    whole = data[: len(data) & ~1]
    sample = whole[:SAMPLE]
    even, odd = len(set(sample[::2])), len(set(sample[1::2]))
    if even == odd:
        even, odd = sample[1::2].count(0), sample[::2].count(0)  # a word or two: the zeros are the high bytes
    return whole.decode("utf-16-be" if even < odd else "utf-16-le", "replace")


def looks_utf16(data: bytes, *, sure: bool = True) -> bool:
    """Return whether these bytes are UTF-16: `sure` where nobody says so, so that every other byte must be a zero."""
    sample = data[:SAMPLE]
    zeros = sample[::2].count(0), sample[1::2].count(0)
    if sure:
        return len(sample) > 3 and max(zeros) > 0.7 * (len(sample) // 2) and min(zeros) == 0
    if max(zeros):
        return min(zeros) <= max(zeros) / 4
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as failure:
        return failure.start < SAMPLE - 4
    return False
