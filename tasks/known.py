"""What is known of a mail's category before a model is asked: the value that whoever knows it hands to the reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BY_RULE = "rule"
"""What the names of rules begin with where they gave a category."""
BY_MODEL = "model"
"""Who gave a category that was not known beforehand, as outcomes name it."""


@dataclass(frozen=True, kw_only=True)
class KnownCategory:
    """A category, and who gave it, as outcomes name it: `correction by Ann`."""

    category: str
    by: str
    why: str
    confidence: float = 1.0
    needs_reply: bool | None = None
    """Whether a person waits for our answer; null where only a model can say, and so is asked."""


@dataclass(frozen=True, kw_only=True)
class CategoryMarks:
    """Marks on a mail in its mailbox, in lower case, that stand for a category: labels, `\\flagged`, `in:` a folder."""

    categories: Mapping[str, str]
    folders: tuple[str, ...] = ()
    """The folders among them, as they are spelt."""
