"""Chooses which of several forms of one text is read."""

from __future__ import annotations

import re

from tasks.parsing.html_text import read_html
from tasks.parsing.limits import Limits
from tasks.parsing.mail_parts import MailParts

DAMAGES = {
    "broken base64",
    "multipart without parts",
    "NUL in text",
}
# A part that is not coded as it declares may still hold words.
NOT_CODED = ("declared base64, is none", "declared uuencode, is none", "unknown transfer encoding")
SENTENCE = re.compile(r"[^\W\d_]+[ \n]+[^\W\d_]+[ \n]+[^\W\d_]+")
# Quoted-printable that no header declares.
STILL_CODED = re.compile(r"=[0-9A-F]{2}|=\n")
# A text alternative this short may be a stub that says "your program cannot show this mail"; links do not count.
STUB_CHARS = 200
LINK = re.compile(r"\bhttps?://\S+")
WORD = re.compile(r"\w+")
_SENTENCE_WORDS = 5


def choose_alternative(walks: list[MailParts], limits: Limits) -> MailParts | None:
    """Return the text alternative; None where there is none at all.

    The HTML alternative is returned where the text one is damaged, empty or a stub.
    """
    whole = [one for one in walks if not is_damaged(one)]
    sound = whole if any(body.text.strip() for one in whole for body in one.bodies) else walks
    texts = [w for w in sound if any(b.kind == "text" and b.text.strip() for b in w.bodies)]
    pages = [w for w in sound if any(b.kind == "html" for b in w.bodies)]
    chosen = texts[0] if texts else pages[-1] if pages else None
    if texts and pages:
        text = LINK.sub("", " ".join(body.text for body in texts[0].bodies)).strip()
        if len(text) < STUB_CHARS and is_stub(text, shown_text(pages[-1], limits)):
            chosen = pages[-1]
    return chosen


def is_stub(text: str, page: str) -> bool:
    """Return whether a short text is no form of the longer page beside it: a fraction of it, or mostly other words."""
    if len(page) > 3 * len(text) + STUB_CHARS:
        return True
    words, on_page = set(WORD.findall(text.lower())), set(WORD.findall(page.lower()))
    return len(page) >= len(text) and len(on_page) >= _SENTENCE_WORDS and 2 * len(words & on_page) < len(words)


def is_damaged(walked: MailParts) -> bool:
    """Return whether an alternative came to something else than what its sender wrote."""
    texts = [body.text for body in walked.bodies]
    return (
        not DAMAGES.isdisjoint(walked.defects)
        or (
            any(defect.startswith(NOT_CODED) for defect in walked.defects)
            and not any(SENTENCE.search(text[:10_000]) for text in texts)
        )
        or any(body.note.startswith("replaced") for body in walked.bodies)
        or any(len(STILL_CODED.findall(text[:10_000])) * 30 > len(text[:10_000]) for text in texts)
    )


def shown_text(page: MailParts, limits: Limits) -> str:
    return "\n".join(read_html(body.text, limits).text for body in page.bodies if body.kind == "html")
