"""From a prompt to the mails in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# The closing tag repeats the opening one, so a mail that quotes another `[mail …]` line stays in its own block.
_BLOCK = re.compile(r"^\[mail ([0-9A-Za-z_-]{1,64})\]\n(.*?)^\[/mail \1\]", re.DOTALL | re.MULTILINE)
_BESIDE = re.compile(
    r"^\[(?:earlier|passage) ([0-9a-f]{1,64})\]\n(.*?)^\[/(?:earlier|passage) \1\]", re.DOTALL | re.MULTILINE
)
_TARGET = re.compile(r"^Translate the summary into: (.{1,60}?)(?: \(([A-Za-z-]{2,12})\))?$", re.MULTILINE)
_GREETING = re.compile(r'^Replies (?:.*, )?begin with "([^"\n]{1,40})"( and the sender\'s)?', re.MULTILINE)
_CLOSING = re.compile(r'^Replies (?:.*, )?end with "([^"\n]{1,40})"', re.MULTILINE)
_REPLY_TO = re.compile(r"^Reply to: (.{1,120})$", re.MULTILINE)
_WORDS = re.compile(r"^([A-Z][A-Z0-9_]*): .*?Typical words: (.+)\.$", re.MULTILINE)
_HEADER = re.compile(r"(From|Subject|Date|Attachments): ?(.*)")
_SENDER = re.compile(r"^\s*\"?([^<\"]*?)\"?\s*(?:<([^<>\s]+)>|([^<>\s]+@[^<>\s]+))?\s*$")
_SECTION = "--- attachment "


Told = Mapping[str, tuple[str, ...]]
"""By category, the words that the instructions say speak for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMail:
    """One mail block. `sender` is a display name or, without one, the address; `body` ends before attachment texts."""

    tag: str
    sender: str
    address: str
    subject: str
    body: str
    attached: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a user message asks: its mails, the wanted translation (name and code) and whom replies address.

    `outside` is the text outside all mail blocks.
    """

    mails: tuple[PromptMail, ...]
    target_name: str
    target_code: str
    reply_to: str
    outside: str
    greeting: str = ""
    """How replies are to begin; `{name}` stands for whom they greet."""
    closing: str = ""
    beside: tuple[PromptMail, ...] = ()
    """Earlier mails that are shown with them."""


def read_prompt(text: str) -> Prompt:
    """Return the mails and wishes of one user message; a message without a mail block is one mail without a tag."""
    text = text.replace("\r\n", "\n")
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        mail = PromptMail(tag="", sender="", address="", subject="", body=text.strip(), attached="")
        return Prompt(mails=(mail,), target_name="", target_code="", reply_to="", outside="")
    head, tail = text[: blocks[0].start()], text[blocks[-1].end() :]
    target, reply_to = _TARGET.search(head), _REPLY_TO.search(head)
    greeting, closing = _GREETING.search(head), _CLOSING.search(head)
    return Prompt(
        mails=tuple(_read_mail(block[1], block[2]) for block in blocks),
        target_name=target[1] if target else "",
        target_code=(target[2] or "").lower().split("-")[0] if target else "",
        reply_to=reply_to[1].strip() if reply_to else "",
        outside=_BESIDE.sub("", tail).strip(),
        greeting=f"{greeting[1]}{'{name}' if greeting[2] else ''}," if greeting else "",
        closing=closing[1] if closing else "",
        beside=tuple(_read_mail(block[1], block[2]) for block in _BESIDE.finditer(tail)),
    )


def read_words(instructions: str) -> Told:
    """Return the typical words of categories that a system message names, in lower case."""
    return {found[1]: tuple(found[2].lower().split(", ")) for found in _WORDS.finditer(instructions)}


def _read_mail(tag: str, block: str) -> PromptMail:
    fields: dict[str, str] = {}
    lines = block.split("\n")
    for line in lines:
        header = _HEADER.match(line)
        if header is None or header[1] in fields:
            break
        fields[header[1]] = header[2].strip()
    body, mark, attached = "\n".join(lines[len(fields) :]).partition(_SECTION)
    sender = _SENDER.match(fields.get("From", ""))
    name, address = (sender[1].strip(), sender[2] or sender[3] or "") if sender else (fields.get("From", ""), "")
    return PromptMail(
        tag=tag,
        sender=name or address,
        address=address,
        subject=fields.get("Subject", ""),
        body=body.strip(),
        attached=(mark + attached).strip(),
    )
