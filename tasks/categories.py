"""The categories of mails: one value that a run carries, from which every stage takes the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

CATEGORY_NAME = r"^[A-Z][A-Z0-9_]{0,39}$"
"""The form of a category's name in frames, rules, the ledger and models' answers."""


@dataclass(frozen=True, kw_only=True)
class Category:
    """One category. `meaning` is part of the prompt, and empty where the name is sufficient."""

    name: str
    meaning: str = ""
    words: tuple[str, ...] = ()
    """Words that speak for it, which are told to the model, too."""

    @property
    def told(self) -> str:
        """What a model is told of it beside its name; empty where there is nothing to tell."""
        words = f"Typical words: {', '.join(self.words)}." if self.words else ""
        return " ".join(part for part in (self.meaning, words) if part)


@dataclass(frozen=True, kw_only=True)
class SortingPrompt:
    """How a model is asked to sort into them, where an evaluation tries another way than the shipped one."""

    words: str = ""
    """Told in place of the shipped words on the other fields; empty means those."""
    whole: bool = False
    """Whether a long mail is shown as a whole, and not by its beginning and its end."""


SHIPPED_PROMPT = SortingPrompt()


@dataclass(frozen=True)
class Categories:
    """All categories of a run, in the order in which reports show them."""

    entries: tuple[Category, ...]
    prompt: SortingPrompt = SHIPPED_PROMPT

    @classmethod
    def of_json(cls, entries: Iterable[Mapping[str, Any]]) -> Categories:
        """The list that `as_json` gave."""
        return cls(tuple(Category(**{**entry, "words": tuple(entry.get("words", ()))}) for entry in entries))

    def as_json(self) -> list[dict[str, Any]]:
        """The list as values that JSON knows."""
        return [asdict(category) | {"words": list(category.words)} for category in self.entries]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The categories' names."""
        return tuple(category.name for category in self.entries)

    def in_order(self, found: Iterable[str]) -> list[str]:
        """The found names in order: first those of this list, then others, such as names of an earlier list."""
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
"""Those that ship; the operator's list may replace or extend them."""
