"""Finds attributions, `On <date>, <name> <address> wrote:`, in any language, on one to three lines."""

import re

from tasks.parsing.client_words import BEFORE_WORDS, COLONS, OPENER, says_wrote
from tasks.parsing.header_blocks import ADDRESS, MAX_LINE, TIME

MAX_WRAPPED = 3
INVISIBLE = " \t\xa0\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SHORT = 80
MAX_WORDS = 10
MAX_OPENERS = 3
QUOTED = (">", "|", "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3")
DATED = re.compile(
    r"(?:19|20|25)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d\b|\d{1,2}月\d{1,2}日|[٢۲][٠۰][\u0660-\u0669\u06f0-\u06f9]{2}"
)
# Zoho and others close the line with dashes, or with no colon at all.
DASHED = re.compile(r"^\s*[-–—=]{2,}\s*(.{10,390}?)\s*[-–—=]{2,}\s*$")
# For an attribution on the same line as a sentence of the author. Only openings that no name or month has count.
OPENER_INSIDE = re.compile(
    r"[.!?…。！？)][\"')\]”»]*\s+(?=(?:On|Am|Le|El|Il|Em|Op|Den|På|Dne|Dňa|Dnia|W dniu|Pe|În|La|Στις|Vào|Pada|В|У|На|Au"
    r"|Al|Il giorno)\s\S|[^\W\d_]{4,14},\s\d|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}[-/年]\d|在\s?\d)"
)
SENTENCE = re.compile(r"[^\W\d_]{2}[.!?…。！？][\"')\]”»]*\s+[^\W\d_a-z]")
SENTENCE_END = re.compile(r"[.!?…。！？)]")
ENDED = (".", "!", "?", "…", "。", "！", "？")


def introduces(line: str) -> bool:
    """Return whether a line ends as one does that says who wrote what follows."""
    end = line.rstrip(INVISIBLE + "*")
    return end.endswith(COLONS + BEFORE_WORDS) or (end.endswith("--") and bool(DASHED.match(line)))


def attribution(lines: list[str], at: int, *, marked: bool) -> tuple[int, str] | None:
    """Return where the attribution begins that ends in line `at`, and what the author wrote before it on that line.

    None where line `at` ends none. `marked` says that quoted lines follow, so that a plain `Bob wrote:` is enough.
    """
    line = lines[at]
    if len(line) > MAX_LINE or not introduces(line):
        return None
    own = own_words(line)
    if complete(line[own:]):
        return at, line[:own].rstrip()
    head = line
    for start in range(at - 1, max(-1, at - MAX_WRAPPED), -1):
        above = lines[start].strip()
        head = f"{above} {head.strip()}"
        if not above or len(head) > MAX_LINE or above.endswith(ENDED) or above.startswith(QUOTED):
            break
        own = own_words(head)
        if OPENER.match(head, own) and complete(head[own:]):
            return start, head[:own].rstrip()
    if marked and partial(line):
        return at, ""
    return None


def complete(text: str) -> bool:
    """Return whether a text has all that an attribution has: a moment, somebody, and a verb or an address."""
    text = text.strip(INVISIBLE)
    dashed = DASHED.match(text)
    text = dashed[1] if dashed else text.rstrip(" :：﹕︰*")
    if not DATED.search(text):
        return False
    addressed, timed = "@" in text and bool(ADDRESS.search(text)), bool(TIME.search(text))
    if says_wrote(text):
        return addressed or timed
    return addressed and timed and not dashed


def partial(line: str) -> bool:
    """Return whether a short line of one sentence says that somebody wrote something, without a full date."""
    text = line.strip(INVISIBLE + ":：﹕︰")
    if len(text) > SHORT or len(text.split()) > MAX_WORDS or SENTENCE.search(text):
        return False
    return says_wrote(text) or bool(DATED.search(text) and ADDRESS.search(text))


def own_words(line: str) -> int:
    """Return how much of a line the author wrote before an attribution that begins in its middle."""
    if not SENTENCE_END.search(line):
        return 0
    ends = [found.end() for found in OPENER_INSIDE.finditer(line)][-MAX_OPENERS:]
    return next((end for end in reversed(ends) if complete(line[end:])), 0)
