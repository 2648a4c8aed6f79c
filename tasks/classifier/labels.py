"""What the classifier says of a mail: its category, and whether a reply is wanted, in one word or two."""

from __future__ import annotations

_REPLY = " reply"


def label_of(category: str, *, needs_reply: bool) -> str:
    """The label of a mail: `SUPPORT reply`, `MARKETING`."""
    return f"{category}{_REPLY if needs_reply else ''}"


def category_of(label: str) -> str:
    """The label's category."""
    return label.removesuffix(_REPLY)


def wants_reply(label: str) -> bool:
    """Whether the label says that a reply is wanted."""
    return label.endswith(_REPLY)
