"""What the parts of a mail are sorted into."""

from dataclasses import dataclass, field
from typing import Literal

from tasks.parsing.part import Part


@dataclass(kw_only=True, slots=True)
class Body:
    """One part of what the sender wrote; `text` of HTML is its source."""

    kind: Literal["text", "html"]
    text: str
    note: str


@dataclass(kw_only=True, slots=True)
class Loose:
    """One part that is not the body; `reason` says why it is not opened, where that is known already."""

    name: str
    declared_type: str
    data: bytes
    charset: str | None = None
    reason: str = ""
    inline: bool = False
    """The mail's HTML may show it between its words."""


@dataclass(kw_only=True, slots=True)
class TextBudget:
    """How many more bytes of text are decoded, in all parts of a mail and of the mails in it together.

    `outlook_s` are the CPU seconds left for files that Outlook made of mails; `repairs` is how often more a part may be
    parsed a second time, since parts that are repaired may lie in each other.
    """

    text_bytes: int
    outlook_s: float
    repairs: int = 20

    def repair(self) -> bool:
        """Return whether one more part may be parsed again, and count it."""
        self.repairs -= 1
        return self.repairs >= 0


@dataclass(kw_only=True, slots=True)
class MailParts:
    """What a mail's parts came to."""

    budget: TextBudget
    bodies: list[Body] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """The decoded text of every text part, also of the alternatives that were not chosen."""
    loose: list[Loose] = field(default_factory=list)
    nested: list[Part] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    defects: list[str] = field(default_factory=list)
    encrypted: bool = False
    signed: bool = False
    too_deep: bool = False

    def add(self, other: "MailParts", bodies: bool = True) -> None:
        """Take over what another walk found, without its bodies where another alternative was chosen."""
        if bodies:
            self.bodies += other.bodies
        self.sources += other.sources
        self.loose += other.loose
        self.nested += other.nested
        self.reports += other.reports
        self.types |= other.types
        self.defects += other.defects
        self.encrypted |= other.encrypted
        self.signed |= other.signed
        self.too_deep |= other.too_deep
