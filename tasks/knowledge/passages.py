"""A folder of texts as passages: some sentences that stand together, with the file and the heading above them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import Misconfigured

log = logging.getLogger("mailroom.ingest")

ENDINGS = (".md", ".txt", ".rst")
MOST_FILES, MOST_BYTES = 2_000, 1_000_000
"""More files, or bytes in a file, are no folder of answers; what is beyond is left out, and said."""
_CHARS = 800
_UNDERLINE = re.compile(r"^[=\-~^\"]{3,}$")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])")


@dataclass(frozen=True, kw_only=True)
class Passage:
    """`name` says where it stands, as `prices.md, Delivery`."""

    name: str
    text: str


def text_files(folder: Path) -> list[Path]:
    """The files of texts below this folder, in order.

    Raises:
        Misconfigured: There is no such folder, or it may not be read.
    """
    try:
        if not folder.is_dir():
            raise Misconfigured(
                f"MAILROOM_KNOWLEDGE_DIR: there is no folder `{folder}`; make it, and put texts into it "
                f"({', '.join(ENDINGS)})."
            )
        root = folder.resolve()
        found = sorted(
            path for path in root.rglob("*")
            if path.suffix.lower() in ENDINGS and path.is_file() and path.resolve().is_relative_to(root)
        )  # fmt: skip
    except OSError as error:
        raise Misconfigured(f"MAILROOM_KNOWLEDGE_DIR: `{folder}` cannot be read ({type(error).__name__}).") from error
    if len(found) > MOST_FILES:
        log.warning("%s has %d texts; the first %d are searched.", folder, len(found), MOST_FILES)
    return found[:MOST_FILES]


def passages_of(folder: Path) -> Iterator[Passage]:
    """All passages of the folder's files; a file that is too long or not in UTF-8 is left out, and said."""
    root = folder.resolve()
    for path in text_files(folder):
        name = path.relative_to(root).as_posix()
        try:
            if path.stat().st_size > MOST_BYTES:
                log.warning("%s is longer than %d bytes, so it is not searched.", name, MOST_BYTES)
                continue
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            log.warning("%s cannot be read as UTF-8 (%s), so it is not searched.", name, type(error).__name__)
            continue
        yield from split_text(name, text)


def split_text(name: str, text: str) -> Iterator[Passage]:
    """The passages of one text: its paragraphs, the short ones of a section together, the long ones in parts."""
    heading, together = "", ""
    for paragraph in _paragraphs(text):
        found = _heading_of(paragraph)
        if found or len(together) + len(paragraph) > _CHARS:
            if together:
                yield _passage(name, heading, together)
            together = ""
        if found:
            heading = found
            continue
        *whole, rest = _pieces(paragraph)
        yield from (_passage(name, heading, one) for one in whole)
        together = f"{together}\n{rest}".strip()
    if together:
        yield _passage(name, heading, together)


def _passage(name: str, heading: str, text: str) -> Passage:
    return Passage(name=f"{name}, {heading}" if heading else name, text=f"{heading}\n{text}" if heading else text)


def _paragraphs(text: str) -> Iterator[str]:
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip()):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith("#"):
            yield lines[0]
            lines = lines[1:]
        elif len(lines) > 1 and _UNDERLINE.match(lines[1].strip()):
            yield f"# {lines[0]}"
            lines = lines[2:]
        if any(line.strip() for line in lines):
            yield "\n".join(line.strip() for line in lines if line.strip())


def _heading_of(paragraph: str) -> str:
    found = re.match(r"^#{1,6}\s+(.+?)\s*#*$", paragraph)
    return found[1][:80] if found else ""


def _pieces(paragraph: str) -> list[str]:
    pieces = [""]
    for sentence in _SENTENCE_END.split(paragraph):
        for start in range(0, max(1, len(sentence)), _CHARS):
            part = sentence[start : start + _CHARS]
            if pieces[-1] and len(pieces[-1]) + len(part) > _CHARS:
                pieces.append("")
            pieces[-1] = f"{pieces[-1]} {part}".strip()
    return pieces
