"""Parses bytes into a tree of MIME parts, with the standard library's parser behind guards.

The guards: size and lines before the parser sees anything, header length inside it (its own parameter parser is
quadratic), parts while it runs, depth after it. What was parsed before a bound was met is kept.
"""

from __future__ import annotations

import codecs
import re
from email.feedparser import BytesFeedParser
from email.policy import Policy
from functools import cache
from typing import Any

from tasks.parsing.limits import Limits
from tasks.parsing.part import AsSent, CappedHeaders, Part
from tasks.parsing.sound_tree import sound_tree
from tasks.parsing.torn_headers import repair_header

HEAD_BYTES = 262_144
MULTIPART = re.compile(rb"multipart/", re.IGNORECASE)
# The parser compares each line with the boundary of every open multipart; 12 million such steps take about 2 s.
WORK = 12_000_000
STEPS_A_LINE = 8


class PastBound(Exception):
    """The tree has more parts than are read."""


class Parts:
    """Makes the parser's message objects, counts them, and keeps the first, which is the whole mail."""

    def __init__(self, most: int) -> None:
        self.most, self.made = most, 0
        self.root: Part | None = None

    def __call__(self, policy: Policy[Any]) -> Part:
        self.made += 1
        if self.made > self.most + 1:  # the parser makes one before it starts, to learn how it is done
            raise PastBound
        part: Part = AsSent(policy=policy)
        if self.made == 2:
            self.root = part
        return part


def grow(raw: bytes, limits: Limits) -> tuple[Part, str]:
    """Return the tree of `raw` and why it is incomplete (empty if it is whole)."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(raw) <= limits.mail_bytes:
        raw = raw.decode("utf-16", "replace").encode()  # saved by an editor
    raw, reason = bounded(raw.lstrip(b"\xef\xbb\xbf \t\r\n"), limits)
    if b"\n" not in raw:  # lines as old Macs ended them, which the decoders below do not know
        raw = raw.replace(b"\r", b"\n")
    raw, torn = repair_header(raw)
    policy = policy_of(limits.header_chars, limits.content_header_chars)
    sound = sound_tree(raw.decode("ascii", "surrogateescape"), policy, limits.parts)
    root, past_bound = (sound, "") if sound is not None else parsed_tree(raw, policy, limits)
    root.defects += torn
    return root, past_bound or reason


def parsed_tree(raw: bytes, policy: CappedHeaders, limits: Limits) -> tuple[Part, str]:
    """Return the parser's tree of any bytes, and why it is incomplete (empty if it is whole)."""
    parts, reason = Parts(limits.parts), ""
    parser = BytesFeedParser(parts, policy=policy)  # type: ignore[arg-type]  # it does hand its policy to the factory
    try:
        parser.feed(raw)
        parser.close()
    except PastBound:
        reason = f"more than {limits.parts:,} parts"
    except RecursionError:
        reason = f"nested deeper than {limits.depth} levels"
    return parts.root if parts.root is not None else AsSent(policy=policy), reason


@cache
def policy_of(header_chars: int, content_header_chars: int) -> CappedHeaders:
    caps: dict[str, Any] = {"header_chars": header_chars, "content_header_chars": content_header_chars}
    return CappedHeaders(**caps)


def bounded(raw: bytes, limits: Limits) -> tuple[bytes, str]:
    """Return what of `raw` can be parsed in bounded time, and why that is not all of it."""
    if len(raw) > limits.mail_bytes:
        return raw[:HEAD_BYTES], f"{len(raw):,} bytes, more than the {limits.mail_bytes:,} that are read"
    lines = max(raw.count(b"\n"), raw.count(b"\r"))
    if lines > limits.lines:
        return raw[:HEAD_BYTES], f"{lines:,} lines, more than the {limits.lines:,} that are read"
    nests = len(MULTIPART.findall(raw)) if lines > 10_000 else 0
    if lines * (STEPS_A_LINE + nests) > WORK:
        return raw[:HEAD_BYTES], f"{lines:,} lines in up to {nests:,} nested parts, more than can be read in time"
    return raw, ""
