"""What is known of a mail's category before a model is asked: the value that whoever knows it hands to the reading."""

from __future__ import annotations

from dataclasses import dataclass

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
