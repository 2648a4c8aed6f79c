"""A text part's bytes to the text its sender typed: decoded, coded files taken out, soft line ends undone."""

import re

from tasks.parsing.charsets import decode
from tasks.parsing.inline_files import take_files
from tasks.parsing.mail_parts import Body, Loose, MailParts
from tasks.parsing.part import Part, parameter
from tasks.parsing.utf16 import looks_utf16

META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
HTML_START = re.compile(r"\s*(?:<!doctype html|<html\b|<head\b|<body\b)", re.IGNORECASE)
ENRICHED_TAG = re.compile(r"<param>[^<]{0,400}</param>|</?[A-Za-z-]{1,60}>", re.IGNORECASE)
# Control characters that nobody types. They were cp1252, until a program took them for Latin-1 and made UTF-8 of them.
C1 = re.compile("[\x80-\x9f]")
BINARY = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])


def take_text(data: bytes, media_type: str, charset: str | None, part: Part, found: MailParts) -> None:
    """Add one text part to the bodies, and the files coded into it to the files."""
    html = media_type == "text/html"
    if not html:
        data, files = take_files(data)
        found.loose += [Loose(name=f.name, declared_type="application/octet-stream", data=f.data) for f in files]
    elif not charset and (meta := META_CHARSET.search(data[:2048])):
        charset = meta[1].decode("ascii")
    if len(data) > found.budget.text_bytes:
        found.defects.append("text cut")
        data = data[: found.budget.text_bytes]
    found.budget.text_bytes -= len(data)
    text, note = decode(data, charset)
    if "\x00" in text:
        found.defects.append("NUL in text")
        text = text.replace("\x00", "")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = C1.sub(lambda control: control[0].encode("latin-1").decode("cp1252", "ignore"), text)
    found.sources.append(text)
    html = html or (bool(HTML_START.match(text[:500])) and "</" in text)
    if media_type in ("text/enriched", "text/richtext"):
        text = ENRICHED_TAG.sub("", text)
    if not html and parameter(part, "format").lower() == "flowed":
        text = unflow(text, parameter(part, "delsp").lower() == "yes")
    found.bodies.append(Body(kind="html" if html else "text", text=text, note=note))


def unflow(text: str, delete_space: bool) -> str:
    """Return RFC 3676 text with its soft line ends undone; quote marks stay in front of each paragraph."""
    out: list[str] = []
    paragraph: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        unquoted = line.lstrip(">")
        depth = len(line) - len(unquoted)
        body = unquoted[1:] if unquoted.startswith(" ") else unquoted
        flows = body.endswith(" ") and body != "-- "
        kept = body[:-1] if flows and delete_space else body
        if depth != open_depth or body == "-- ":
            out.append("".join(paragraph))
            paragraph = [">" * depth + (" " if depth and kept else "")]
        paragraph.append(kept)
        open_depth = depth if flows else -1
    return "\n".join([*out, "".join(paragraph)][1:])


def is_binary(data: bytes, charset: str) -> bool:
    """Return whether bytes declared as text hold too many control characters to be any; UTF-16 has many zeros."""
    sample = data[:4096]
    if charset.lower().startswith(("utf-16", "utf-32", "ucs-2", "unicode")) or sample.startswith(
        (b"\xff\xfe", b"\xfe\xff")
    ):
        return False
    return len(sample) > 100 and len(sample.translate(None, BINARY)) < 0.7 * len(sample) and not looks_utf16(sample)
