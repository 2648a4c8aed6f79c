"""The text of a mail that a model is given, and the pieces that are left out of it, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.parsing.characters import clean_for_model
from tasks.parsing.cutting import CUT_MARK, cut_text
from tasks.parsing.mail import Mail
from tasks.parsing.text_doubts import ANSWERS_IN_QUOTE, MOSTLY_LEFT_OUT
from tasks.providers.catalogue.tokens import estimate_tokens

# Separators between a mail's own text and other texts. The name is one line, so nothing in it can end the block.
ATTACHMENT_HEAD = "--- attachment {name} ---"
FORWARDED_HEAD = "--- forwarded mail from {sender}: {subject} ---"
QUOTED_HEAD = "--- quoted in this mail, from earlier ones; answers may stand in it ---"
QUOTED_TOKENS = 600
"""Of a quote that a model is shown, because the text rests on it, at most so many tokens."""
_ENOUGH_HIDDEN = 20  # characters; a few invisible ones are normal


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A piece of a mail that is not in the text for a model. `what` is quoted, signature, hidden or cut."""

    what: str
    why: str
    text: str

    def counted(self) -> dict[str, Any]:
        """The piece without its text, for an outcome."""
        return {"what": self.what, "why": self.why, "words": len(self.text.split())}


@dataclass(frozen=True, kw_only=True)
class ModelText:
    """The text for a model. `defects` say what was changed in it; `tokens` is its estimated number of tokens."""

    text: str
    tokens: int
    left_out: list[LeftOut]
    defects: list[str]


def model_text(mail: Mail, max_tokens: int) -> ModelText:
    """What is new in the mail, the mails inside it and the texts of its attachments, cut to size.

    What it quotes stands in it, too, where the new part rests on that.
    """
    cleaned = clean_for_model("\n\n".join(part for part in _parts(mail) if part))
    text, tokens, was_cut = cleaned.text, estimate_tokens(cleaned.text), False
    if tokens > max_tokens:
        text, was_cut = cut_text(text, max_tokens, estimate_tokens)
        tokens = estimate_tokens(text)
    defects = ["text cut to fit"] if was_cut else []
    if cleaned.removed >= _ENOUGH_HIDDEN:
        defects.append(f"{cleaned.removed} invisible characters taken out")
    if mail.hidden_text:
        defects.append("hidden text left out")
    rest = cleaned.text[len(text.removesuffix(CUT_MARK)) :] if was_cut else ""
    return ModelText(text=text, tokens=tokens, left_out=_left_out(mail, rest, max_tokens), defects=defects)


def shows_quote(mail: Mail) -> bool:
    """Whether the model is shown what the mail quotes: its new part is short, or points there."""
    return bool(mail.quoted.strip()) and bool({ANSWERS_IN_QUOTE, MOSTLY_LEFT_OUT}.intersection(mail.doubts))


def _parts(mail: Mail) -> list[str]:
    parts = [mail.text]
    if shows_quote(mail):
        parts += [QUOTED_HEAD, cut_text(clean_for_model(mail.quoted).text, QUOTED_TOKENS, estimate_tokens)[0]]
    for inner in mail.thread:
        head = FORWARDED_HEAD.format(sender=_one_line(inner.sender), subject=_one_line(inner.subject))
        parts += [head, inner.text]
    for one in mail.attachments:
        if one.fate == "text" and one.text:
            parts += [ATTACHMENT_HEAD.format(name=_one_line(one.name) or one.media_type), one.text]
    return parts


def _left_out(mail: Mail, rest: str, max_tokens: int) -> list[LeftOut]:
    quoted = "It repeats earlier mails."
    if shows_quote(mail):
        quoted = f"It repeats earlier mails; the model is shown up to {QUOTED_TOKENS} tokens of it, marked as quoted."
    pieces = [
        LeftOut(what="quoted", why=quoted, text=mail.quoted),
        LeftOut(what="signature", why="It is the sender's signature.", text=mail.signature),
        LeftOut(what="hidden", why="Its HTML hides it from a reader.", text=mail.hidden_text),
        LeftOut(what="cut", why=f"It is beyond the {max_tokens:,} tokens that a model is given.", text=rest),
    ]
    return [piece for piece in pieces if piece.text.strip()]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
