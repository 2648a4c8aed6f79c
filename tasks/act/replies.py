"""Replies: what a suggestion comes to for a mail, and the mail it becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from tasks.act.acted_mail import ActedMail, Planned, one_line
from tasks.ledger.effects import Effect
from tasks.links import names_address, without_links

_POLICY = SMTP.clone(max_line_length=200)
_QUOTED = 2_000  # characters: all of it is shown to whoever approves the reply
_QUOTED_LINES = 60
_MOST_REFERENCES = 20
_BAD = ("reply_names_address",)


def plan_reply(mail: ActedMail, suggestion: int, into: str) -> Planned:
    """The reply in full, as it would leave; skipped where there is no suggestion that may be used.

    A mail whose sender can't be verified is answered by nobody but a person who looked at it.
    """
    replies, whom = list(mail.row["replies"]), mail.whom
    if suggestion > len(replies):
        return Planned(target=into, skip="the mail was given no such suggestion")
    text = replies[suggestion - 1].strip()
    if not text or names_address(text) or any(bad in mail.row["doubts"] for bad in _BAD):
        return Planned(target=into, skip="the suggestion names a link or an address, so it is not used")
    if not whom.address:
        return Planned(target=into, skip=f"there is nobody to answer: {whom.why}")
    if mail.row["kind"] in ("auto_reply", "bounce", "feedback"):
        return Planned(target=into, skip="machines are not answered")
    content = reply_content(mail, text)
    if not whom.verified:
        return Planned(target=whom.address, content=content, hold=f"the sender is not verified: {whom.why}")
    return Planned(target=whom.address, content=content)


def reply_content(mail: ActedMail, text: str) -> dict[str, Any]:
    """All that a reply is made of, and what a person is shown beside it."""
    own, before = mail.message_ids
    subject = one_line(mail.row["subject"])
    return {
        "from": mail.destinations.reply_from,
        "to": mail.whom.address,
        "to_verified": mail.whom.verified,
        "to_why": mail.whom.why,
        "subject": subject if subject.lower().startswith("re:") else f"Re: {subject}".strip(),
        "text": text,
        "in_reply_to": own,
        "references": [*before, own][-_MOST_REFERENCES:] if own else list(before[-_MOST_REFERENCES:]),
        "quoted": without_links(mail.row["text"])[:_QUOTED],
        "written": mail.row["date"],
        "mail_sha256": mail.sha256,
        "why": one_line(mail.row["reason"] or mail.row["category"] or ""),
    }


def build_reply(effect: Effect, sender: str) -> EmailMessage:
    """The mail to be drafted or sent; the same effect gives the same bytes."""
    content = effect.content
    mail = EmailMessage(policy=_POLICY)
    if sender:
        mail["From"] = _mailbox(sender)
    mail["To"] = _mailbox(content["to"])
    mail["Subject"] = content["subject"]
    mail["Date"] = format_datetime(datetime.fromtimestamp(effect.planned_at, UTC))
    mail["Message-ID"] = f"<{message_id(effect, sender)}>"
    if content["in_reply_to"]:
        mail["In-Reply-To"] = f"<{_id(content['in_reply_to'])}>"
    if content["references"]:
        mail["References"] = " ".join(f"<{_id(one)}>" for one in content["references"])
    mail.set_content(f"{content['text'].rstrip()}\n\n{_quote(content)}", charset="utf-8", cte="quoted-printable")
    return mail


def message_id(effect: Effect, sender: str) -> str:
    """The reply's own id, without brackets: it follows from the effect, so that a copy of it can be recognised."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return f"mailroom.{effect.effect_id[:40]}@{domain or 'mailroom.invalid'}"


def _quote(content: dict[str, Any]) -> str:
    lines = content["quoted"].splitlines()
    kept = lines[:_QUOTED_LINES] + (["[…]"] if len(lines) > _QUOTED_LINES else [])
    head = f"{content['to']}, {content['written'][:10]}:" if content["written"] else f"{content['to']}:"
    return "\n".join([head, *(f"> {line}" for line in kept)]) + "\n" if kept else ""


def _mailbox(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(display_name=name, addr_spec=address)


def _id(text: str) -> str:
    # An id is a stranger's word in a header of ours: nothing but printable ASCII without brackets.
    return "".join(c for c in text if c.isascii() and c.isprintable() and c not in "<> ")[:250]
