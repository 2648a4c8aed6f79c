"""From the parts that a sender wrote to the text a reader would call the mail."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tasks.parsing.html_quotes import ANY_MARK
from tasks.parsing.html_text import HtmlText, read_html
from tasks.parsing.limits import Limits
from tasks.parsing.mail_context import MailContext
from tasks.parsing.mail_parts import Body
from tasks.parsing.pgp import unwrap_pgp
from tasks.parsing.quotes import Pieces, split_quotes
from tasks.parsing.text_doubts import doubts_of_text

ALL_TEXT_HIDDEN = "all_text_hidden"


@dataclass(kw_only=True, slots=True)
class Text:
    """A mail's text taken apart; all pieces may be empty. `doubts` name what may be missing in `new`."""

    new: str = ""
    quoted: str = ""
    signature: str = ""
    hidden: str = ""
    html: bool = False
    note: str = ""
    encrypted: bool = False
    signed: bool = False
    defects: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class BodyReader:
    """Reads the bodies of a mail one after the other, within its bounds."""

    limits: Limits
    context: MailContext
    text_room: int
    html_room: int
    pieces: list[Pieces] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    encrypted: bool = False
    signed: bool = False

    def read(self, body: Body) -> None:
        """Take one body apart."""
        page = self.page(body) if body.kind == "html" else None
        shown = page.text if page else body.text if body.text.isascii() else ANY_MARK.sub("", body.text)
        if len(shown) > self.text_room:
            shown = shown[: self.text_room]
            self.defects.append("text cut")
        self.text_room -= len(shown)
        cleared = unwrap_pgp(shown.strip("\n"))
        self.encrypted |= cleared.encrypted
        self.signed |= cleared.signed
        self.pieces.append(split_quotes(cleared.text, self.context, page.elements if page else None))

    def page(self, body: Body) -> HtmlText:
        page = read_html(body.text[: self.html_room], self.limits, marking=True)
        self.defects += [page.defect] if page.defect else []
        self.defects += ["HTML cut"] if len(body.text) > self.html_room else []
        self.doubts += [ALL_TEXT_HIDDEN] if page.all_hidden else []
        self.html_room = max(0, self.html_room - len(body.text))
        self.hidden.append(page.hidden)
        return page


def read_bodies(bodies: list[Body], limits: Limits, context: MailContext) -> Text:
    """Return what is new, quoted, signed off and hidden in these parts, which follow each other in the mail."""
    reader = BodyReader(limits, context, limits.text_chars, limits.html_chars)
    for body in bodies:
        reader.read(body)
    whole = put_together(reader.pieces)
    return Text(
        new=whole.new,
        quoted=whole.quoted,
        signature=whole.signature,
        hidden=join(reader.hidden),
        html=bool(bodies) and bodies[0].kind == "html",
        note=worst_note(body.note for body in bodies),
        encrypted=reader.encrypted,
        signed=reader.signed,
        defects=tuple(reader.defects),
        doubts=tuple(dict.fromkeys([*doubts_of_text(whole, context), *reader.doubts])),
    )


def put_together(pieces: list[Pieces]) -> Pieces:
    """Return the pieces of several bodies as those of one."""
    if len(pieces) == 1:
        return pieces[0]
    return Pieces(
        new=join(one.new for one in pieces),
        quoted=join(one.quoted for one in pieces),
        signature=join(one.signature for one in pieces),
        unmarked=any(one.unmarked and one.quoted for one in pieces),
        between=any(one.between for one in pieces),
    )


def join(texts: Iterable[str]) -> str:
    """Return those of the texts that say something, a blank line between them."""
    return "\n\n".join(stripped for text in texts if (stripped := text.strip("\n")) and not stripped.isspace())


def worst_note(notes: Iterable[str]) -> str:
    """Return the note of the part that was hardest to decode."""
    order = ("replaced", "detected", "declared", "utf-8", "ascii")
    return min(notes, key=lambda note: order.index(note.partition(":")[0]), default="")
