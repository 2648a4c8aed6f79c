"""What a document came to."""

from collections.abc import Iterable
from dataclasses import dataclass, field


class NotOpened(Exception):
    """A document that cannot be read; the message is the reason, in words for the mail's outcome."""


class DocumentLost(NotOpened):
    """A document that ended its reader."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How much of one document is read; `seconds` are of CPU."""

    chars: int
    pages: int
    unpacked_bytes: int
    entries: int
    seconds: float


@dataclass(kw_only=True, slots=True)
class DocumentContent:
    """`html` says that the text is HTML's source; `notes` say what of the document is not in the text."""

    text: str = ""
    html: bool = False
    listing: bool = False
    """The text names what is inside; nothing of it was unpacked."""
    files: list[tuple[str, bytes]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def bounded_text(pieces: Iterable[str], bounds: Bounds) -> DocumentContent:
    """Return the pieces as lines, up to the bound; no piece is made that is not needed."""
    kept: list[str] = []
    size = 0
    for piece in pieces:
        kept.append(piece[: bounds.chars - size])
        size += len(piece) + 1
        if size > bounds.chars:
            return DocumentContent(text="\n".join(kept).strip(), notes=["text cut"])
    return DocumentContent(text="\n".join(kept).strip())
