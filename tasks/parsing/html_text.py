"""HTML to the text a reader would see, with link targets; what a reader would not see is kept apart.

selectolax finds hidden and quoted nodes, resiliparse lays out the rest: neither loses text at any depth.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.parsing.hidden_text import hidden_nodes
from tasks.parsing.html_quotes import mark_quotes, on_lines, without_marks
from tasks.parsing.limits import Limits

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,10})")
VOID = {"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr", "p", "li"}
QUOTING = re.compile(r"quote|cite|divRplyFwdMsg|OutlookMessageHeader|border-top:solid #")
MANY_TAGS = 5_000
# At most so many pieces are laid out one by one. Of the others the bare text is taken, which is cheap.
MAX_LAID_OUT = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class HtmlText:
    """`text` is what is seen; `defect` is empty where all of the HTML was looked at."""

    text: str
    hidden: str = ""
    defect: str = ""
    elements: list[str] = field(default_factory=list)
    """Texts of the quoted elements, where marks were asked for; `text` has a mark in place of each (`html_quotes`)."""
    all_hidden: bool = False
    """All of its text is styled to be hidden, so none of it was taken for hidden."""


def read_html(html: str, limits: Limits, *, marking: bool = False) -> HtmlText:
    """Return the text of an HTML document or fragment of any quality; `marking` puts marks for what is quoted."""
    defect = ""
    if len(html) > limits.html_chars:
        html, defect = html[: limits.html_chars], "HTML cut"
    html = without_marks(html.replace("\x00", ""))
    if tag_depth(html) > limits.html_depth:
        # The selector engine would need seconds for such a tree. The layout is quick.
        return HtmlText(text=lay_out(html), defect="HTML too deeply nested to look for hidden text")
    tree = LexborHTMLParser(html)
    hidden = take_out(hidden_nodes(tree, html))
    all_hidden = bool(hidden) and not has_words(tree)
    if all_hidden:
        tree, hidden = LexborHTMLParser(html), ""
    elements = mark_quotes(tree, lay_out) if marking and QUOTING.search(html) else []
    text = lay_out(tree.html or "")
    return HtmlText(
        text=on_lines(text) if marking else text,
        hidden=hidden,
        defect=defect,
        elements=elements,
        all_hidden=all_hidden,
    )


def has_words(tree: LexborHTMLParser) -> bool:
    """Return whether there is any letter or digit to be seen."""
    return any(map(str.isalnum, lay_out(tree.html or "")))


def lay_out(html: str) -> str:
    """Return HTML as plain text: blocks on lines, cells apart by tabs, `text (target)` for links."""
    from resiliparse.extract.html2text import extract_plain_text

    safe = html.encode("utf-8", "replace").decode("utf-8")  # it refuses lone surrogates
    text: str = extract_plain_text(safe, links=True, alt_texts=True, skip_elements=["title"])
    return text.replace("\t\t", "\t").strip()  # it puts two between cells


def tag_depth(html: str) -> int:
    """Return about how deep tags are nested; 0 for documents too small for it to matter."""
    if html.count("<") < MANY_TAGS:
        return 0
    depth = deepest = 0
    for tag in TAG.finditer(html):
        if tag[2].lower() in VOID:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def take_out(nodes: Iterable[LexborNode]) -> str:
    """Return the text of these nodes and remove them from their tree."""
    texts = []
    for count, node in enumerate(nodes):
        if count < MAX_LAID_OUT:
            texts.append(lay_out(node.html or "") if node.tag != "input" else "")
        else:
            texts.append(node.text(separator=" ").strip())
        node.decompose()
    return "\n\n".join(text for text in texts if text)
