"""From the parts that a sender wrote to the text a reader would call the mail."""

from collections.abc import Iterable
from dataclasses import dataclass

from tasks.parsing.html_text import read_html
from tasks.parsing.limits import Limits
from tasks.parsing.mail_parts import Body
from tasks.parsing.pgp import unwrap_pgp
from tasks.parsing.quotes import split_quotes


@dataclass(kw_only=True, slots=True)
class Text:
    """A mail's text taken apart; all pieces may be empty."""

    new: str = ""
    quoted: str = ""
    signature: str = ""
    hidden: str = ""
    html: bool = False
    note: str = ""
    encrypted: bool = False
    signed: bool = False
    defects: tuple[str, ...] = ()


def read_bodies(bodies: list[Body], limits: Limits) -> Text:
    """Return what is new, quoted, signed off and hidden in these parts, which follow each other in the mail."""
    text = Text(html=bool(bodies) and bodies[0].kind == "html", note=worst_note(body.note for body in bodies))
    seen: list[str] = []
    quoted: list[str] = []
    hidden: list[str] = []
    defects: list[str] = []
    room = limits.html_chars
    for body in bodies:
        if body.kind == "text":
            seen.append(body.text)
            continue
        page = read_html(body.text[:room], limits)
        defects += [page.defect] if page.defect else []
        defects += ["HTML cut"] if len(body.text) > room else []
        room = max(0, room - len(body.text))
        seen.append(page.text)
        quoted.append(page.quoted)
        hidden.append(page.hidden)
    plain = join(seen)
    if len(plain) > limits.text_chars:
        plain = plain[: limits.text_chars]
        defects.append("text cut")
    cleared = unwrap_pgp(plain)
    text.encrypted, text.signed = cleared.encrypted, cleared.signed
    pieces = split_quotes(cleared.text)
    text.new, text.signature = pieces.new, pieces.signature
    text.quoted, text.hidden = join([pieces.quoted, *quoted]), join(hidden)
    if not text.new and text.quoted:
        text.new, text.quoted = text.quoted, ""  # a mail that is all history is a forward without a word of its own
    text.defects = tuple(defects)
    return text


def join(texts: Iterable[str]) -> str:
    """Return those of the texts that say something, a blank line between them."""
    return "\n\n".join(stripped for text in texts if (stripped := text.strip("\n")) and not stripped.isspace())


def worst_note(notes: Iterable[str]) -> str:
    """Return the note of the part that was hardest to decode."""
    order = ("replaced", "detected", "declared", "utf-8", "ascii")
    return min(notes, key=lambda note: order.index(note.partition(":")[0]), default="")
