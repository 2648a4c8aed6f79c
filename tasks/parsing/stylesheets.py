"""What the `<style>` of a mail says of its elements, as far as it matters for what can be seen.

The selector engine finds the elements of a rule. Rules inside `@media` and the like hold for some screens only, and do
not count.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
RULE = re.compile(r"([^{}]{1,300})\{([^{}]{1,1000})\}")
BLOCK = re.compile(r"[{}]")
SELECTOR = re.compile(r"^[a-zA-Z0-9_.#>\s-]{1,80}$")
TELLING = re.compile(r"display|visibility|opacity|mso-hide|max-height|text-indent|left|background", re.IGNORECASE)
MAX_SHEET = 200_000
MAX_RULES = 100
MAX_COMPOUNDS = 3
MAX_NODES = 5_000


def styles_of(tree: LexborHTMLParser, hiding: re.Pattern[str]) -> dict[int, str]:
    """Return the declarations of the stylesheets that hold for each element, by its `mem_id`, later rules last.

    Elements of a rule that matches `hiding` get the attribute `hidden`.
    """
    styles: dict[int, str] = {}
    left = MAX_RULES
    for style in tree.css("style"):
        for rule in RULE.finditer(outside_at_rules(COMMENT.sub("", style.text()[:MAX_SHEET]))):
            if not TELLING.search(rule[2]):
                continue
            hides = bool(hiding.search(rule[2]))
            for selector in rule[1].split(","):
                left -= 1
                if left < 0:
                    return styles
                for node in matching(tree, selector.strip()):
                    styles[node.mem_id] = f"{styles.get(node.mem_id, '')};{rule[2]}"[-2_000:]
                    if hides:
                        node.attrs["hidden"] = ""
    return styles


def matching(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    """Return the elements that a plain selector of up to three parts selects."""
    if not SELECTOR.match(selector) or len(selector.replace(">", " ").split()) > MAX_COMPOUNDS:
        return []
    try:
        return tree.css(selector)[:MAX_NODES]
    except ValueError:  # it is no selector after all
        return []


def outside_at_rules(sheet: str) -> str:
    """Return a stylesheet without its `@…{…}` blocks, nested ones included."""
    kept: list[str] = []
    start = depth = 0
    opened = -1
    for brace in BLOCK.finditer(sheet):
        if brace[0] == "{":
            depth += 1
            head = sheet.rfind("@", start, brace.start())
            if depth == 1 and opened < 0 and head >= 0:
                opened = head
        elif depth:
            depth -= 1
            if depth == 0 and opened >= 0:
                kept.append(sheet[start:opened])
                start, opened = brace.end(), -1
            elif depth == 0:
                kept.append(sheet[start : brace.end()])
                start = brace.end()
    return "".join([*kept, sheet[start:] if opened < 0 else sheet[start:opened]])
