"""Elements of HTML whose text a reader would not see: by style, by size, or by a colour like that behind it."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.parsing.html_quotes import within
from tasks.parsing.stylesheets import styles_of

HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|(?:^|[;\s])opacity\s*:\s*0*(?:\.0*)?(?=\s*(?:;|!|$))"
    r"|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
NO_SIZE = re.compile(r"font-size\s*:\s*0*(?:\.0*)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)", re.IGNORECASE)
SOME_SIZE = re.compile(r"font-size\s*:\s*0{0,9}\.?0{0,9}[1-9]|font-size\s*:\s*[a-z]", re.IGNORECASE)
COLOUR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]+)", re.IGNORECASE)
BACKGROUND = re.compile(r"background(?:-color|-image)?\s*:\s*([^;!]+)", re.IGNORECASE)
# Without any of these nothing is hidden, and nothing has to be searched.
TRACES = (
    "hidden", "hide", "none", "opacity", "max-height", "font-size", "indent", "left", "#f", "white", "rgb", "ivory",
    "snow", "transparent", "background", "bgcolor",
)  # fmt: skip
HEX = re.compile(r"^#(?:([0-9a-f]{3})|([0-9a-f]{6}))$")
RGB = re.compile(r"^rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})(?:,([\d.]+))?\)$")
NAMED = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192),
    "navy": (0, 0, 128), "ivory": (255, 255, 240), "snow": (255, 250, 250),
}  # fmt: skip
WHITE = (255, 255, 255)
NO_COLOUR = {"transparent", "none", "inherit", "initial", "unset"}
ALIKE = 3
MAX_COLOURED = 3_000
MAX_SIZELESS = 50
MAX_ANCESTORS = 60

Colour = tuple[int, int, int]


def hidden_nodes(tree: LexborHTMLParser, html: str) -> list[LexborNode]:
    """Return the outermost nodes that a reader would not see, as far as their own style and the stylesheets tell.

    `html` is the source of `tree`.
    """
    source = html.lower()
    if not any(trace in source for trace in TRACES):
        return []
    styles = styles_of(tree, HIDING)
    backgrounds: dict[int, str] = {}
    found: list[LexborNode] = []
    coloured = sizeless = 0
    for node in tree.css("[style], [hidden], font[color]"):
        attributes = node.attributes
        style = attributes.get("style") or ""
        hides = "hidden" in attributes or bool(style and HIDING.search(style))
        if not hides and style and NO_SIZE.search(style) and sizeless < MAX_SIZELESS:
            sizeless += 1
            hides = not any(SOME_SIZE.search(n.attributes.get("style") or "") for n in node.css("[style*='font-size']"))
        if not hides and coloured < MAX_COLOURED and ("color" in style.lower() or "color" in attributes):
            coloured += 1
            hides = invisible_colour(node, styles, backgrounds)
        if hides and node.tag not in ("html", "body") and not (found and within(node, found[-1])):
            found.append(node)
    return found


def invisible_colour(node: LexborNode, styles: dict[int, str], backgrounds: dict[int, str]) -> bool:
    """Return whether a node's text has the colour of what is behind it; `backgrounds` keeps those looked up before."""
    match = COLOUR.search(node.attributes.get("style") or "")
    if node.tag != "font" and match is None:
        return False
    written = match[1] if match else node.attributes.get("color")
    if plain(written) == "transparent":
        return True
    colour = colour_of(written)
    behind: LexborNode | None = node
    for _ in range(MAX_ANCESTORS):
        if behind is None or colour is None:
            break
        background = backgrounds.get(behind.mem_id)
        if background is None:
            background = backgrounds[behind.mem_id] = background_of(behind, styles)
        if background and background not in NO_COLOUR:
            return alike(colour, colour_of(background))
        behind = behind.parent
    return alike(colour, WHITE)


def background_of(node: LexborNode, styles: dict[int, str]) -> str:
    """Return what an element's own style, else the stylesheets, else its attributes say of its background."""
    attributes = node.attributes
    for style in (attributes.get("style") or "", styles.get(node.mem_id, "")):
        found = BACKGROUND.findall(style)
        if found:
            return plain(found[-1])
    return plain(attributes.get("bgcolor") or attributes.get("background"))


def plain(written: str | None) -> str:
    return re.sub(r"\s", "", written).lower() if written else ""


def colour_of(written: str | None) -> Colour | None:
    """Return a colour's red, green and blue, 0 to 255; None where it is not known, as with a picture or a gradient."""
    text = plain(written)
    if found := HEX.match(text):
        digits = found[2] or "".join(2 * digit for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := RGB.match(text):
        return int(found[1]), int(found[2]), int(found[3])
    return NAMED.get(text)


def alike(one: Colour | None, other: Colour | None) -> bool:
    return one is not None and other is not None and max(abs(a - b) for a, b in zip(one, other, strict=True)) <= ALIKE
