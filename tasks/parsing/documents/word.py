"""DOCX."""

import io
from collections.abc import Iterator

import docx
from docx.document import Document
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from tasks.parsing.documents.archives import check_unpacked
from tasks.parsing.documents.found import Bounds, DocumentContent, bounded_text

TEXT, TAB, PARAGRAPH, CELL, ROW, RUN = (qn(f"w:{tag}") for tag in ("t", "tab", "p", "tc", "tr", "r"))
BREAKS = {qn("w:br"), qn("w:cr")}
VANISH, VALUE = f"{qn('w:rPr')}/{qn('w:vanish')}", qn("w:val")
# A drawing's text a second time, for old programs.
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the paragraphs, tables (cells apart by tabs), headers and footers; hidden runs are left out."""
    check_unpacked(data, bounds)
    document = docx.Document(io.BytesIO(data))
    hidden: list[str] = []
    found = bounded_text((line for root in roots(document) for line in lines(root, hidden)), bounds)
    if hidden:
        found.notes.append(f"{sum(map(len, hidden))} hidden characters left out")
    return found


def roots(document: Document) -> Iterator[BaseOxmlElement]:
    """Give the headers, the body and the footers, each once."""
    sections = list(document.sections)
    yield from (s.header._element for s in sections if not s.header.is_linked_to_previous)
    yield document.element.body
    yield from (s.footer._element for s in sections if not s.footer.is_linked_to_previous)


def lines(root: BaseOxmlElement, hidden: list[str]) -> Iterator[str]:
    """Give the text under an element, a line a paragraph or table row; what is hidden goes to `hidden`."""
    line: list[str] = []
    waiting = [(root, False)]
    while waiting:
        element, done = waiting.pop()
        tag = element.tag
        if done:
            if tag == CELL:
                line.append("\t")
            elif tag == ROW or (tag == PARAGRAPH and not in_cell(element)):
                yield "".join(line).rstrip("\t")
                line = []
            elif tag == PARAGRAPH:
                line.append(" ")
        elif tag == TEXT:
            line.append(element.text or "")
        elif tag == TAB:
            line.append("\t")
        elif tag in BREAKS:
            line.append("\n")
        elif tag == RUN and vanishes(element):
            hidden += [text.text or "" for text in element.iter(TEXT)]
        elif tag != FALLBACK:
            waiting.append((element, True))
            waiting += [(child, False) for child in reversed(element)]
    yield "".join(line)


def in_cell(paragraph: BaseOxmlElement) -> bool:
    parent = paragraph.getparent()
    return parent is not None and parent.tag == CELL


def vanishes(run: BaseOxmlElement) -> bool:
    mark = run.find(VANISH)
    return mark is not None and mark.get(VALUE, "true") not in ("0", "false", "off")
