"""Parses bytes into a tree of MIME parts, with the standard library's parser behind guards.

The guards: size and lines before the parser sees anything, header length inside it (its own parameter parser is
quadratic), parts while it runs, depth after it. What was parsed before a bound was met is kept.
"""

from __future__ import annotations

import codecs
import re
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32, Policy
from typing import Any, TypeAlias

from tasks.parsing.headers import parameter_text
from tasks.parsing.limits import Limits
from tasks.parsing.torn_headers import repair_header

HEAD_BYTES = 262_144
MULTIPART = re.compile(rb"multipart/", re.IGNORECASE)
HEADER_END = re.compile(rb"\n\r?\n")
# Only of such types does the parser look into a body.
HAS_PARTS = re.compile(rb"multipart/|message/", re.IGNORECASE)
# The parser compares each line with the boundary of every open multipart; 12 million such steps take about 2 s.
WORK = 12_000_000
STEPS_A_LINE = 8

# In quotes: the class takes no parameters when it runs.
Part: TypeAlias = "Message[str, str]"


class PastBound(Exception):
    """The tree has more parts than are read."""


class CappedHeaders(Compat32):
    """The policy that keeps header values raw and bounded."""

    header_chars = 16_384
    content_header_chars = 4_096

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, _, value = sourcelines[0].partition(":")
        if len(sourcelines) == 1 and len(value) < self.content_header_chars:
            return name, value.lstrip(" \t").rstrip("\r\n")
        cap = self.content_header_chars if name[:8].lower() == "content-" else self.header_chars
        pieces, size = [value.lstrip(" \t")[:cap]], len(value)
        for line in sourcelines[1:]:
            if size >= cap:
                break
            pieces.append(line[: cap - size])
            size += len(line)
        return name, "".join(pieces).rstrip("\r\n")

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


class AsSent(Message):
    """A part whose payload stays as it was sent; the library's own decodes 8-bit text by its declared charset.

    Its fields are looked up by name, where the library's own goes through all of them each time.
    """

    _first: dict[str, str]
    _indexed = -1
    """How many fields there were when `_first` was made."""

    def get(self, name: str, failobj: Any = None) -> Any:  # noqa: ANN401  # as the library declares it
        """Return a field's first value, raw."""
        fields: list[tuple[str, str]] = self._headers  # type: ignore[attr-defined]  # raw_items() is a generator
        if len(fields) != self._indexed:
            self._first = {key.lower(): value for key, value in reversed(fields)}
            self._indexed = len(fields)
        return self._first.get(name.lower(), failobj)

    def get_payload(self, i: int | None = None, decode: bool = False) -> Any:  # noqa: ANN401  # as the library declares it
        """Return the parts, or the text with a surrogate for each 8-bit byte; `i` and `decode` change nothing."""
        return self._payload  # type: ignore[attr-defined]  # private, and the only way to the bytes


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
    caps: dict[str, Any] = {"header_chars": limits.header_chars, "content_header_chars": limits.content_header_chars}
    policy = CappedHeaders(**caps)
    parts = Parts(limits.parts)
    parser = BytesFeedParser(parts, policy=policy)  # type: ignore[arg-type]  # it does hand its policy to the factory
    head, body = parted(raw)
    try:
        parser.feed(head)
        parser.close()
    except PastBound:
        reason = f"more than {limits.parts:,} parts"
    except RecursionError:
        reason = f"nested deeper than {limits.depth} levels"
    root = parts.root if parts.root is not None else AsSent(policy=policy)
    if body:
        root.set_payload(f"{root.get_payload()}{body.decode('ascii', 'surrogateescape')}")
    root.defects += torn
    return root, reason


def parted(raw: bytes) -> tuple[bytes, bytes]:
    """Return what the parser has to see, and the rest: the body of a mail that has no parts."""
    end = HEADER_END.search(raw)
    if end is None or HAS_PARTS.search(raw, 0, end.end()):
        return raw, b""
    return raw[: end.end()], raw[end.end() :]


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


def field(part: Part, name: str) -> str:
    """Return the first value of a header, raw; empty where it has none."""
    return str(part.get(name, ""))


def parameter(part: Part, name: str, header: str = "content-type") -> str:
    """Return a parameter of a MIME header as text; empty where it has none or cannot be parsed.

    Of two of one name RFC 2231's goes first, wherever it stands: the other is for programs that do not know that form.
    """
    if name not in str(part.get(header, "")).lower():  # the parser takes its time, and most parts have few parameters
        return ""
    try:
        found = [value for key, value in part.get_params([], header) if key.lower() == name]
        extended = [value for value in found if isinstance(value, tuple)]
        return next((text for value in (*extended, *found) if (text := parameter_text(value))), "")
    except (ValueError, TypeError, IndexError, KeyError, AttributeError):
        return ""


def part_name(part: Part) -> str:
    """Return the file name that a part gives itself, without folders; empty where it gives none."""
    for parameter_name, header in (("filename", "content-disposition"), ("name", "content-type")):
        if part.get(header) is not None:
            name = parameter(part, parameter_name, header)
            if name:
                return re.split(r"[/\\]", name)[-1].strip(' "')[:255]
    return ""


def disposition(part: Part) -> str:
    """Return `inline`, `attachment`, another word, or empty."""
    return field(part, "content-disposition").partition(";")[0].strip().lower()
