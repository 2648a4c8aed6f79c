"""OpenDocument: text, sheets and slides (ODT, ODS, ODP)."""

import io
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from tasks.parsing.documents.archives import check_unpacked
from tasks.parsing.documents.found import Bounds, DocumentContent, bounded_text

TEXT, TABLE = (f"{{urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0}}" for kind in ("text", "table"))
PARAGRAPHS = {f"{TEXT}p", f"{TEXT}h"}
ROW, CELL = f"{TABLE}table-row", f"{TABLE}table-cell"
GAPS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n", f"{TEXT}s": " "}


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the paragraphs, a line each, and table rows, cells apart by tabs; deleted text is left out."""
    check_unpacked(data, bounds)
    content = zipfile.ZipFile(io.BytesIO(data)).read("content.xml")
    return bounded_text(lines(fromstring(content)), bounds)


def lines(element: Element) -> Iterator[str]:
    for child in element:
        if child.tag in PARAGRAPHS:
            yield words(child)
        elif child.tag == ROW:
            line = "\t".join(" ".join(lines(cell)) for cell in child if cell.tag == CELL).rstrip("\t")
            if line:
                yield line
        elif child.tag != f"{TEXT}tracked-changes":
            yield from lines(child)


def words(element: Element) -> str:
    """Return the text of a paragraph, what stands behind its inner elements included."""
    pieces = [element.text or ""]
    for child in element:
        pieces += [GAPS.get(child.tag) or words(child), child.tail or ""]
    return "".join(pieces)
