"""What a person is shown of a held effect: everything that would be done, why it is held, and its mail.

Text of mails and models is indented, and Mailroom's own text starts in the first column, so it can't be imitated.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from typing import Any
from unicodedata import east_asian_width

from tasks.act.acted_mail import one_line
from tasks.ledger.effects import Effect
from tasks.ledger.plans import digest
from tasks.parsing.headers import decode_text, read_head

WIDTH = 48  # columns per line: Prefect's form is narrow, and its older UI cuts off longer lines
_DO = {
    "draft_reply": "Draft a reply to", "send_reply": "SEND a reply to", "calendar_invite": "Draft an invitation to",
    "webhook": "Call the webhook", "notify": "Notify", "append_row": "Add a row to", "start_deployment": "Start",
    "label": "Label the mail:", "flag": "Flag the mail:", "move": "Move the mail to", "archive": "Archive the mail:",
}  # fmt: skip
# These are shown on lines of their own, or are of no interest to a person.
_TOLD_APART = frozenset(
    {
        "to", "to_verified", "to_why", "candidates", "cc", "subject", "text", "signature", "signature_html", "warning",
        "doubts", "review", "why", "quoted", "start", "minutes", "from", "in_reply_to", "references", "written",
        "mail_sha256", "message_id", "message_key", "passages",
    }
)  # fmt: skip


Version = tuple[str, str]
"""An effect's id and the hash of its content."""


@dataclass(frozen=True, kw_only=True)
class ShownEffect:
    """A held effect, and the header of its mail where the effect does not quote the mail itself; else empty."""

    effect: Effect
    mail_head: str = ""

    @cached_property
    def text(self) -> str:
        """Everything that would be done, with warnings, in lines of at most `WIDTH` columns."""
        return "\n".join(_lines_of(self.effect))

    @cached_property
    def mail(self) -> str:
        """The effect's mail, in lines of at most `WIDTH` columns."""
        content = self.effect.content
        if not content.get("quoted"):
            return _wrapped(self.mail_head or "The mail's text is not on record any more.")
        written = f"Written {content['written'][:16].replace('T', ' ')}\n\n" if content.get("written") else ""
        return written + _wrapped(content["quoted"], "  ")

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the effect and of everything that is shown of it."""
        return digest([self.effect.effect_id, self.effect.content_hash, self.text, self.mail])[:16]

    @property
    def version(self) -> Version:
        """The effect's id and content hash."""
        return self.effect.effect_id, self.effect.content_hash

    @property
    def has_text(self) -> bool:
        """Whether the effect is a reply, whose text can be edited."""
        return self.effect.action in ("draft_reply", "send_reply")

    @property
    def candidates(self) -> dict[str, str]:
        """The addresses of which a person must choose one, each with its reason; empty if the recipient is known."""
        content = self.effect.content
        return {} if content.get("to") else {one["address"]: one["why"] for one in content.get("candidates", ())}

    @property
    def headline(self) -> str:
        """The action and its target."""
        return f"{_DO.get(self.effect.action, self.effect.action)} {self._whom}"

    @property
    def name(self) -> str:
        """The effect's name in messages: action, target and mail."""
        subject = self.effect.content.get("subject") or _subject_in(self.mail_head)
        return f"{self.headline}, “{one_line(subject, 80)}”" if subject else self.headline

    @property
    def _whom(self) -> str:
        return "somebody you choose" if self.candidates else one_line_target(self.effect)


def one_line_target(effect: Effect) -> str:
    """The effect's target on one line. An address is shown unchanged: it is verified, or marked as not verified."""
    to_people = effect.action in ("draft_reply", "send_reply", "calendar_invite")
    return effect.target if to_people else one_line(effect.target, 80)


def head_of(raw: bytes) -> str:
    """Sender, subject and date of a mail, one line each, without links."""
    head = read_head(raw)
    named = ((name, one_line(_field(head, name))) for name in ("From", "Subject", "Date"))
    return "\n".join(f"{name}: {value}" for name, value in named if value)


def _field(head: Message, name: str) -> str:
    return next((decode_text(str(value)) for key, value in head.raw_items() if key.lower() == name.lower()), "")


def _subject_in(mail_head: str) -> str:
    lines = (line for line in mail_head.splitlines() if line.startswith("Subject: "))
    return next(lines, "").removeprefix("Subject: ")


def _lines_of(effect: Effect) -> Iterator[str]:
    content = effect.content
    yield from _recipient(content)
    if "subject" in content:
        yield _wrapped(f"Subject: {content['subject']}", then="         ")
    if "start" in content:
        yield _wrapped(f"When:    {content['start']}, {content['minutes']} minutes")
    if content.get("text"):
        yield from ("", "The reply:", _wrapped(content["text"], "  "))
        if content.get("signature"):
            yield _wrapped(f"-- \n{content['signature']}", "  ")
    if "quoted" not in content:
        yield from ("", "What leaves with it:", *_others(content))
    yield from _warnings(content)
    if content.get("passages"):
        yield from (
            "",
            "Passages of yours that the model was shown:",
            *(_wrapped(one, "  ") for one in content["passages"]),
        )
    yield from ("", "Why it is planned:", _wrapped(f"rule {effect.rule}. {content.get('why', '')}".strip(), "  "))
    yield from ("Why it waits for you:", _wrapped(effect.detail, "  "))


def _recipient(content: Mapping[str, Any]) -> Iterator[str]:
    if content.get("to"):
        yield _wrapped(f"To:      {content['to']}", then="         ")
        known = "verified" if content["to_verified"] else "NOT VERIFIED"
        yield _wrapped(f"{known}: {content['to_why']}", "         ")
        for one in content.get("cc", ()):
            yield _wrapped(f"Cc:      {one}", then="         ")
    elif content.get("candidates"):
        yield "To:      choose below one of"
        for one in content["candidates"]:
            yield _wrapped(f"{one['address']}: {one['why']}", "         ")


def _others(content: Mapping[str, Any]) -> Iterator[str]:
    for name, value in content.items():
        if name not in _TOLD_APART and value not in (None, ""):
            yield _wrapped(f"{name}: {value}", "  ", "    ")


def _warnings(content: Mapping[str, Any]) -> Iterator[str]:
    if content.get("warning"):
        yield from ("", "LOOK FIRST:", _wrapped(content["warning"], "  "))
    if content.get("doubts"):
        yield from (
            "",
            "DOUBTS about the model's answer:",
            _wrapped(", ".join(content["doubts"]).replace("_", " "), "  "),
        )
    if content.get("review"):
        yield from ("", "What the second reader said:", _wrapped("\n".join(content["review"]), "  "))


def _wrapped(text: str, indent: str = "", then: str | None = None) -> str:
    following = indent if then is None else then
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        for number, line in enumerate(_narrow(paragraph, WIDTH - max(len(indent), len(following)))):
            lines.append(f"{following if number else indent}{line}".rstrip())
    return "\n".join(lines)


def _narrow(line: str, columns: int) -> list[str]:
    """The line in pieces of at most `columns` columns. East Asian characters take two."""
    wide = sum(east_asian_width(c) in "WF" for c in line)
    if len(line) + wide <= columns:
        return [line]
    return textwrap.wrap(line, columns // 2 if 4 * wide > len(line) else columns - min(wide, columns // 2)) or [""]
