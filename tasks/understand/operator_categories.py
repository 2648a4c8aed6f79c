"""The operator's categories: Prefect Variables that can be edited in the UI; where there is none, the shipped ones.

    {"categories": [{"name": "INVOICE", "meaning": "a bill that is to be paid.", "words": ["invoice", "Rechnung"]}]}

is the whole list; with `"keep_shipped": true` the shipped ones stand before it, and an entry of the same name takes the
place of one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tasks.categories import CATEGORY_NAME, DEFAULT_CATEGORIES, Categories, Category
from tasks.errors import Misconfigured
from tasks.understand.prompts import category_tokens
from tasks.variables import read_variables

VARIABLE = "mailroom-categories"

MOST_TOKENS = 2_000
"""That the list may take in a triage question, which every mail pays for: 40 categories of a sentence each fit."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\n,;]+$")]


class CategoryEntry(BaseModel):
    """A category as an operator writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=CATEGORY_NAME)
    meaning: str = Field("", max_length=300)
    words: tuple[Words, ...] = Field((), max_length=20)

    def category(self) -> Category:
        """The category that a run carries; its meaning on one line, as the prompt has a line a category."""
        return Category(name=self.name, meaning=" ".join(self.meaning.split()), words=self.words)


class CategoryList(BaseModel):
    """A Variable's shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: tuple[CategoryEntry, ...] = Field(min_length=1, max_length=200)
    keep_shipped: bool = False


def read_categories() -> Categories:
    """The categories that a run sorts mails into.

    Raises:
        Misconfigured: Names the Variable, the category and what is wrong with it, or that the list is too long.
    """
    parts = [(where, _read(value, where)) for where, value in read_variables(VARIABLE, "The categories")]
    if not parts:
        return DEFAULT_CATEGORIES
    where = " and ".join(name for name, _ in parts)
    own = [entry.category() for _, part in parts for entry in part.categories]
    twice = [name for name, times in Counter(category.name for category in own).items() if times > 1]
    if twice:
        raise Misconfigured(f"{where}: `{twice[0]}` stands there twice. Give each category its own name.")
    keep = any(part.keep_shipped for _, part in parts)
    categories = _extended(own) if keep else Categories(tuple(own))
    tokens = category_tokens(categories)
    if tokens > MOST_TOKENS:
        raise Misconfigured(
            f"{where}: {len(categories.entries)} categories take about {tokens:,} tokens of every triage question; at "
            f"most {MOST_TOKENS:,} are sent. Shorten their meanings, leave out words, or join categories."
        )
    return categories


def _extended(own: list[Category]) -> Categories:
    mine = {category.name: category for category in own}
    shipped = [mine.pop(category.name, category) for category in DEFAULT_CATEGORIES.entries]
    return Categories((*shipped, *mine.values()))


def _read(value: object, where: str) -> CategoryList:
    if not isinstance(value, dict) or not isinstance(value.get("categories"), list):
        raise Misconfigured(
            f'{where} are no object with the list `categories`. Write {{"keep_shipped": true, "categories": '
            '[{"name": "INVOICE", "meaning": "a bill that is to be paid."}]}.'
        )
    try:
        return CategoryList.model_validate(value)
    except ValidationError as error:
        raise Misconfigured(f"{where}: {_said(value['categories'], error)}.") from error


def _said(entries: list[object], error: ValidationError) -> str:
    """The first fault, with the number and name of its category."""
    fault = error.errors(include_url=False, include_input=False)[0]
    section, *rest = fault["loc"]
    if section != "categories" or not rest:
        return f"`{section}`: {fault['msg']}"
    number, *field = rest
    entry = entries[int(number)]
    name = entry.get("name") if isinstance(entry, dict) else None
    which = f"category {int(number) + 1}" + (f", `{name[:40]}`" if isinstance(name, str) else "")
    if field == ["name"] and isinstance(name, str):
        return f"{which}: a name has capital letters from A to Z, digits and _, and at most 40, as `{_as_name(name)}`"
    return f"{which}, `{'.'.join(str(part) for part in field) or 'entry'}`: {fault['msg']}"


def _as_name(name: str) -> str:
    """The name as it might be meant."""
    found = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_0123456789")[:40]
    return found or "INVOICE"
