"""Finds what a mail and its copies share, whatever a mailing list or a gateway changes on the way."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime

from tasks.parsing.identity import squeeze

# What lists and gateways put into a subject: `[list]`, `[EXTERNAL]`, `(EXT)`, `***SPAM***`.
TAG = re.compile(r"\[[^\[\]]{1,60}\]|\((?:ext(?:ernal)?|spam)\)|\*{2,}[^*]{1,30}\*{2,}", re.IGNORECASE)
LINK = re.compile(r"https?:|www\.|mailto:", re.IGNORECASE)
ENOUGH_LETTERS = 16
"""A line with fewer says too little to tell mails apart."""


def likeness(*, message_id: str, date: datetime | None, subject: str, text: str) -> str:
    """Return a SHA-256, hex, that copies of one mail share; empty where nothing tells.

    That is the Message-ID with the moment and the subject; without an id the moment, the subject and the longest line.
    """
    plain = squeeze(TAG.sub(" ", subject)).casefold()
    moment = date.isoformat() if date else ""
    if message_id:
        parts = ["id", message_id, moment, plain]
    else:
        line = longest_line(text)
        if not (moment and line):
            return ""
        parts = ["text", moment, plain, line]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def longest_line(text: str) -> str:
    """Return the line with the most letters that has no link; empty where all are short.

    Lines with links are left out, because footers and banners have them.
    """
    lines = (squeeze(line) for line in text.splitlines() if not LINK.search(line))
    longest = max(lines, key=letters, default="")
    return longest if letters(longest) >= ENOUGH_LETTERS else ""


def letters(line: str) -> int:
    """Return how many letters a line has."""
    return sum(map(str.isalpha, line))
