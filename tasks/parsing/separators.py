"""Lines above another mail that clients put there: `---- Original Message ----`, `Begin forwarded message:`."""

import re

from tasks.parsing.client_words import COLONS, FORWARDED, ORIGINAL
from tasks.parsing.header_blocks import label_of, read_block

DASHES = "-_=*~‐‑‒–—―"
LONGEST = 60
ORIGINAL_MAIL = re.compile(rf"(?:{ORIGINAL})\s*:?", re.IGNORECASE)
FORWARD_STEM = re.compile(FORWARDED, re.IGNORECASE)


def separates(line: str) -> bool:
    """Return whether a stripped line stands above the mail that is answered, or forwarded by an older client."""
    words = between_dashes(line)
    return bool(words) and bool(ORIGINAL_MAIL.fullmatch(words))


def between_dashes(line: str) -> str:
    """Return the few words between two rows of dashes or the like; empty where a line is not made so."""
    if line[:2].strip(DASHES + " ") or line[-2:].strip(DASHES + " "):
        return ""
    words = line.strip(DASHES + " ")
    return words if len(words) <= LONGEST else ""


def begins_forward(lines: list[str], at: int) -> bool:
    """Return whether a line says that a forwarded mail follows, between dashes or above a block of header fields."""
    line = lines[at].lstrip("> \t").rstrip()
    if line[:1] in DASHES and line:
        return bool(FORWARD_STEM.search(between_dashes(line)))
    if len(line) > LONGEST or not line.endswith(COLONS):
        return False
    below = (place for place in range(at + 1, min(at + 4, len(lines))) if lines[place].strip("> \t\xa0"))
    first = next(below, None)
    if first is None or not label_of(lines[first])[0]:
        return False
    return read_block(lines, first) is not None and bool(FORWARD_STEM.search(line))
