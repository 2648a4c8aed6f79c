"""Marks the elements of HTML that hold another mail; each mark has a line of its own, for a scanner of lines.

The classes, ids and styles that clients write tell which elements these are. The marks are noncharacters of Unicode.
No mail may hold them, so they are removed from what comes in.
"""

import re
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.parsing.separators import begins_forward

QUOTE, SAID_BY, INDENT, HEADER_MARK, MARK_END = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
"""A quoted element, an attribution, an indented element (quoted or not), a header block, and the end of a mark."""
ANY_MARK = re.compile("[\ufdd0-\ufdd4]")
CODED_MARK = re.compile(r"&#(?:x0*fdd[0-4]|0*6497[6-9]|0*64980)(?!\d);?", re.IGNORECASE)
ON_ITS_LINE = re.compile("[ \t]*([\ufdd0-\ufdd2]\\d{1,6}\ufdd4|\ufdd3)[ \t]*")
SAYS_BY = "div.gmail_attr, div.moz-cite-prefix"
QUOTES = (
    "blockquote[type=cite], blockquote.gmail_quote, [class*=yahoo_quoted], blockquote.protonmail_quote"
    ", blockquote.tutanota_quote, div.gmail_quote, div.protonmail_quote"
)
HEADERS = (
    "[id$=divRplyFwdMsg], .OutlookMessageHeader"
    ", div[style*='border-top:solid #E1E1E1'], div[style*='border-top:solid #B5C4DF']"
)
MAX_MARKS = 2_000
MOST_ELEMENTS = 1_000


def mark_quotes(tree: LexborHTMLParser, lay_out: Callable[[str], str]) -> list[str]:
    """Put marks in the place of quoted elements, and return their texts by the marks' numbers."""
    for node in tree.css(HEADERS)[:MAX_MARKS]:
        node.insert_before(HEADER_MARK)
    elements: list[str] = []
    for kind, node in quoting_nodes(tree):
        laid_out = lay_out(node.html or "") if len(elements) < MOST_ELEMENTS else node.text(separator=" ").strip()
        lines = laid_out.split("\n")
        if begins_forward(lines, next((at for at, line in enumerate(lines) if line.strip()), 0)):
            continue
        node.replace_with(f"{kind}{len(elements)}{MARK_END}")
        elements.append(laid_out)
    return elements


def quoting_nodes(tree: LexborHTMLParser) -> list[tuple[str, LexborNode]]:
    """Return the outermost elements that hold another's words, with the kinds of their marks, in document order."""
    found: list[tuple[str, LexborNode]] = []
    last: LexborNode | None = None
    for node in tree.css(f"{SAYS_BY}, {QUOTES}, blockquote")[:MAX_MARKS]:
        if last is not None and (node.mem_id == last.mem_id or within(node, last)):
            continue
        if kind := kind_of_quote(node):
            found.append((kind, node))
            last = node
    return found


def kind_of_quote(node: LexborNode) -> str:
    """Return the mark that an element gets; empty for one that only surrounds others."""
    classes = node.attributes.get("class") or ""
    if node.tag != "blockquote":
        if "gmail_attr" in classes or "moz-cite-prefix" in classes:
            return SAID_BY
        # Gmail puts answers between the quotes into the same element.
        return "" if "gmail_quote" in classes and node.css_first("blockquote") is not None else QUOTE
    if node.attributes.get("type") == "cite" or re.search(r"(?:gmail|protonmail|tutanota)_quote|yahoo_quoted", classes):
        return QUOTE
    return "" if node.css_first(QUOTES) is not None else INDENT


def within(node: LexborNode, outer: LexborNode) -> bool:
    """Return whether a node lies in another."""
    parent = node.parent
    while parent is not None:
        if parent.mem_id == outer.mem_id:
            return True
        parent = parent.parent
    return False


def without_marks(html: str) -> str:
    """Return HTML without characters that could pass for marks, coded or not."""
    html = html if html.isascii() else ANY_MARK.sub("", html)
    return CODED_MARK.sub("", html) if "&#" in html else html


def on_lines(text: str) -> str:
    """Return a laid-out text with each mark on a line of its own."""
    return ON_ITS_LINE.sub(r"\n\1\n", text)
