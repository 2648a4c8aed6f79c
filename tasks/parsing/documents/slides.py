"""PPTX."""

import io
import re
import zipfile
from collections.abc import Iterator

from defusedxml.ElementTree import fromstring

from tasks.parsing.documents.archives import check_unpacked
from tasks.parsing.documents.found import Bounds, DocumentContent, bounded_text

SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the slides' text, a line a paragraph, in the order of their files; hidden slides are left out."""
    check_unpacked(data, bounds)
    hidden: list[str] = []
    found = bounded_text(lines(zipfile.ZipFile(io.BytesIO(data)), hidden), bounds)
    if hidden:
        found.notes.append(f"{len(hidden)} hidden slides left out")
    return found


def lines(deck: zipfile.ZipFile, hidden: list[str]) -> Iterator[str]:
    numbered = sorted((int(slide[1]), slide[0]) for name in deck.namelist() if (slide := SLIDE.fullmatch(name)))
    for number, name in numbered:
        slide = fromstring(deck.read(name))
        if slide.get("show") in ("0", "false"):
            hidden.append(name)
            continue
        yield f"[Slide {number}]"
        for paragraph in slide.iter(f"{DRAWING}p"):
            text = "".join(run.text or "" for run in paragraph.iter(f"{DRAWING}t"))
            if text.strip():
                yield text
