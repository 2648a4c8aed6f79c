"""The categories that mails are sorted into: one value that a run carries, from which every stage takes the list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

CATEGORY_NAME = r"^[A-Z][A-Z0-9_]{0,39}$"
"""What a category's name looks like, in frames, rules and the model's answers."""


@dataclass(frozen=True, kw_only=True)
class Category:
    """One category; `meaning` is told to the model, and is empty where the name says it all."""

    name: str
    meaning: str = ""


@dataclass(frozen=True)
class Categories:
    """All categories of a run, in the order in which reports show them."""

    entries: tuple[Category, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The categories' names."""
        return tuple(category.name for category in self.entries)

    def in_order(self, found: Iterable[str]) -> list[str]:
        """The names that were found: first those of this list, then others, such as names of an earlier list."""
        known = set(found)
        return [*(name for name in self.names if name in known), *sorted(known - set(self.names))]


DEFAULT_CATEGORIES = Categories(
    (
        Category(name="URGENT", meaning="something fails, or is due within hours."),
        Category(name="MEETING"),
        Category(name="SUPPORT", meaning="a customer's or user's problem or question."),
        Category(name="MARKETING", meaning="newsletters and mass mailings, too."),
        Category(name="PERSONAL"),
        Category(name="OTHER"),
    )
)
