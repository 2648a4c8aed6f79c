"""HTML to the text a reader would see, with link targets; what a reader would not see is kept apart.

selectolax finds hidden and quoted nodes, resiliparse lays out the rest: neither loses text at any depth.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.parsing.limits import Limits

HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|(?:^|[;\s])opacity\s*:\s*0*(?:\.0*)?(?=\s*(?:;|!|$))"
    r"|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
NO_SIZE = re.compile(r"font-size\s*:\s*0*(?:\.0*)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)", re.IGNORECASE)
SOME_SIZE = re.compile(r"font-size\s*:\s*0{0,9}\.?0{0,9}[1-9]|font-size\s*:\s*[a-z]", re.IGNORECASE)
COLOUR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]+)", re.IGNORECASE)
BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
CLASS_RULE = re.compile(r"([^{}]{1,200})\{([^{}]{1,1000})\}")
CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
CLASS_NAME = re.compile(r"^\s*[a-z]*\.([\w-]+)\s*$", re.IGNORECASE)
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,10})")
VOID = {"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr", "p", "li"}
QUOTES = "div.gmail_quote, blockquote[type=cite], div.yahoo_quoted, div.moz-cite-prefix, div.gmail_attr"
WHITE = {"white", "#fff", "#ffffff", "rgb(255,255,255)", "#fffffe", "#fefefe"}
FORWARD = re.compile(r"\s*-{5,}\s*\w+.{0,30}-{5,}|\s*begin forwarded message", re.IGNORECASE)
MANY_TAGS = 5_000
MAX_COLOURED = 3_000
MAX_SIZELESS = 50
# So many pieces are laid out each on its own; of the rest the bare text is taken, which is cheap.
MAX_LAID_OUT = 1_000


class HtmlText(NamedTuple):
    """`text` is what is seen and not marked as quoted; `defect` is empty where all of the HTML was looked at."""

    text: str
    quoted: str
    hidden: str
    defect: str


def read_html(html: str, limits: Limits) -> HtmlText:
    """Return the text of an HTML document or fragment of any quality."""
    defect = ""
    if len(html) > limits.html_chars:
        html, defect = html[: limits.html_chars], "HTML cut"
    html = html.replace("\x00", "")
    if tag_depth(html) > limits.html_depth:
        # Such a tree takes the selector engine seconds; the layout does not mind.
        return HtmlText(lay_out(html), "", "", "HTML too deeply nested to look for hidden text")
    tree = LexborHTMLParser(html)
    hidden = take_out(tree, hidden_nodes(tree))
    quoted = take_out(tree, quote_nodes(tree)) if "quote" in html or "cite" in html else ""
    return HtmlText(lay_out(tree.html or ""), quoted, hidden, defect)


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


def take_out(tree: LexborHTMLParser, nodes: Iterable[LexborNode]) -> str:
    """Return the text of these nodes and remove them from the tree."""
    texts = []
    for count, node in enumerate(nodes):
        if count < MAX_LAID_OUT:
            texts.append(lay_out(node.html or "") if node.tag != "input" else "")
        else:
            texts.append(node.text(separator=" ").strip())
        node.decompose()
    return "\n\n".join(text for text in texts if text)


def hidden_nodes(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the outermost nodes that a reader would not see, as far as their own style tells."""
    classes = hiding_classes(tree)
    found: list[LexborNode] = []
    coloured = sizeless = 0
    for node in tree.css("[style], [hidden], [class], font[color]"):
        attributes = node.attributes
        style = attributes.get("style") or ""
        hides = "hidden" in attributes or bool(style and HIDING.search(style))
        hides = hides or bool(classes and classes.intersection((attributes.get("class") or "").split()))
        if not hides and style and NO_SIZE.search(style) and sizeless < MAX_SIZELESS:
            sizeless += 1
            hides = not any(SOME_SIZE.search(n.attributes.get("style") or "") for n in node.css("[style*='font-size']"))
        if not hides and coloured < MAX_COLOURED and ("color" in style.lower() or "color" in attributes):
            coloured += 1
            hides = invisible_colour(node)
        if hides and node.tag not in ("html", "body") and not inside(node, found):
            found.append(node)
    return found


def inside(node: LexborNode, found: list[LexborNode]) -> bool:
    """Return whether a node lies in the one found last; the walk is in document order, so no other can hold it."""
    return bool(found) and within(node, found[-1])


def within(node: LexborNode, outer: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.mem_id == outer.mem_id:
            return True
        parent = parent.parent
    return False


def hiding_classes(tree: LexborHTMLParser) -> set[str]:
    """Return the classes that a `<style>` outside media queries hides."""
    classes: set[str] = set()
    for style in tree.css("style"):
        sheet = CSS_COMMENT.sub("", style.text()[:200_000])
        # A media query hides on small screens only, and its rules are indented one brace deeper.
        for rule in CLASS_RULE.finditer(sheet.partition("@media")[0]):
            if HIDING.search(rule[2]):
                classes.update(m[1] for part in rule[1].split(",") if (m := CLASS_NAME.match(part)))
    return classes


def invisible_colour(node: LexborNode) -> bool:
    """Return whether a node's text has the colour of what is behind it."""
    style = node.attributes.get("style") or ""
    match = COLOUR.search(style)
    colour = plain_colour(match[1] if match else node.attributes.get("color"))
    if colour is None or (node.tag != "font" and match is None):
        return False
    if colour == "transparent":
        return True
    behind: LexborNode | None = node
    for _ in range(60):
        if behind is None:
            break
        attributes = behind.attributes
        found = BACKGROUND.search(attributes.get("style") or "")
        own = plain_colour(found[1] if found else attributes.get("bgcolor"))
        if own is not None and own != "transparent":
            return own == colour or (own in WHITE and colour in WHITE)
        if attributes.get("background"):
            return False
        behind = behind.parent
    return colour in WHITE


def plain_colour(written: str | None) -> str | None:
    return re.sub(r"\s", "", written).lower() or None if written else None


def quote_nodes(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the outermost nodes that mail programs mark as quoted history; forwarded mail is not history."""
    found: list[LexborNode] = []
    for node in tree.css(QUOTES):
        if not inside(node, found) and not FORWARD.match(node.text()[:200]):
            found.append(node)
    return found
