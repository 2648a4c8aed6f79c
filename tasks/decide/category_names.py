"""Which categories rules name: a misspelt one would never hold, and nobody would notice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tasks.decide.rules import RuleBook
from tasks.errors import Misconfigured

# A text of CEL, in its four kinds of quotes, or any other token that tells what a text is compared with.
_TOKEN = re.compile(
    r'''[rR]?(?P<text>"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')'''
    r"|(?P<other>\.?[A-Za-z_]\w*|==|!=|[^\s\w])",
    re.DOTALL,
)
_COLUMN = "category"
_EQUAL = ("==", "!=")


def check_categories(rules: RuleBook, names: Sequence[str]) -> None:
    """See that the rules name no other categories than these.

    Raises:
        Misconfigured: Some do; all of them are named, with the rules' positions.
    """
    wrong = unknown_categories(rules, names)
    if wrong:
        raise Misconfigured(
            f"Rule {'; '.join(wrong)}. There is no such category; there are {', '.join(names)}. Mend the rules, or add "
            "it to the Prefect Variable `mailroom-categories`."
        )


def unknown_categories(rules: RuleBook, names: Sequence[str]) -> list[str]:
    """Which rules name other categories than these, in words: one entry a rule and category."""
    analyses = [("analyses", number, one.entry.name, one.condition) for number, one in enumerate(rules.analyses, 1)]
    actions = [("rules", number, one.entry.name, one.condition) for number, one in enumerate(rules.rules, 1)]
    return [
        f"`{section}` {number}, `{rule}`, names the category `{name}`"
        for section, number, rule, condition in [*analyses, *actions]
        for name in dict.fromkeys(named_categories(condition.text))
        if name and name not in names
    ]


def named_categories(condition: str) -> Iterator[str]:
    """The texts that a condition compares the category with, by `==`, `!=` or `in`; empty is an unread mail's."""
    tokens = [(found["text"], found["other"]) for found in _TOKEN.finditer(condition)]
    for at, (_, word) in enumerate(tokens):
        if word != _COLUMN:
            continue
        yield from _compared(tokens[at + 1 :], _EQUAL)
        yield from _compared(tokens[:at][::-1], _EQUAL)
        if [other for _, other in tokens[at + 1 : at + 3]] == ["in", "["]:
            for text, other in tokens[at + 3 :]:
                if other == "]":
                    break
                if text is not None:
                    yield _unquoted(text)


def _compared(tokens: Sequence[tuple[str | None, str | None]], by: Sequence[str]) -> Iterator[str]:
    """The text beside the column, where one of these signs stands between them."""
    if len(tokens) > 1 and tokens[0][1] in by and tokens[1][0] is not None:
        yield _unquoted(tokens[1][0])


def _unquoted(text: str) -> str:
    quotes = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
    return text[quotes:-quotes]


def implied_category(condition: str) -> str | None:
    """The one category that a mail must have for the condition to hold; null where that is not sure.

    Sure are conditions joined by `&&` one of which is `category == 'X'`.
    """
    depth, part, parts = 0, list[tuple[str | None, str | None]](), list[list[tuple[str | None, str | None]]]()
    for found in _TOKEN.finditer(condition):
        other = found["other"]
        depth += (other in _OPENING) - (other in _CLOSING)
        if depth == 0 and other in ("|", "?"):
            return None
        if depth == 0 and other == "&":
            parts.append(part)
            part = []
        else:
            part.append((found["text"], other))
    sure = [named for named in map(_named_alone, [*parts, part]) if named]
    return sure[0] if len(set(sure)) == 1 else None


_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")


def _named_alone(part: list[tuple[str | None, str | None]]) -> str | None:
    """The category where this is nothing but `category == 'X'`, either way round, in brackets or not."""
    while len(part) > 2 and (part[0][1], part[-1][1]) == ("(", ")"):
        part = part[1:-1]
    texts = [_unquoted(text) for text, _ in part if text is not None]
    others = [other for _, other in part if other is not None]
    shapes = (["category", "=="], ["==", "category"], ["category", "in", "[", "]"])
    return texts[0] if len(texts) == 1 and others in shapes and len(part) == len(others) + 1 else None
