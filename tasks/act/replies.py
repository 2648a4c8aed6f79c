"""Plans a reply from a suggestion, and builds the mail to be drafted or sent."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Any

from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned, one_line
from tasks.act.recipients import mail_address, other_recipients
from tasks.act.reply_headers import POLICY
from tasks.act.subjects import reply_subject
from tasks.act.templates import filled, needs_suggestion, template_for
from tasks.actions import Written
from tasks.ledger.effects import Effect
from tasks.links import NOTHING, names_address, without_links
from tasks.mailbox.imap.identity import Identity
from tasks.parsing.html_text import read_html
from tasks.parsing.limits import Limits
from tasks.settings.replies import bare_address

_QUOTED = 2_000  # characters; all of it is shown to the person who approves the reply
_QUOTED_LINES = 60
_MOST_REFERENCES = 20


class ReplyAction(Written):
    """An action that uses one of the suggested replies. `suggestion` counts from 1."""

    suggestion: int = Field(1, ge=1, le=3)
    template: str = Field("", max_length=60, description="Which of MAILROOM_TEMPLATES the reply is made from.")
    reply_all: bool = Field(False, description="Whether the mail's other recipients get a copy; never lists.")


def plan_reply(mail: ActedMail, action: ReplyAction, into: str) -> Planned:
    """Plan the complete reply. It is skipped if there is no usable suggestion or nobody to answer.

    A reply to an unverified sender is held for a person.
    """
    skip = _why_not(mail, action)
    if skip:
        return Planned(target=into, skip=skip)
    content = reply_content(mail, _text_of(mail, action))
    if action.reply_all and (others := other_recipients(mail.headers, mail.whom.address, mail.ours)):
        content["cc"] = others
    return Planned(target=target_of(mail), content=content, hold=why_held(mail))


def _text_of(mail: ActedMail, action: ReplyAction) -> str:
    suggestion = next(iter(list(mail.row["replies"])[action.suggestion - 1 :]), "").strip()
    return filled(template_for(action.template, mail), mail, suggestion) if action.template else suggestion


def _why_not(mail: ActedMail, action: ReplyAction) -> str:
    template = template_for(action.template, mail) if action.template else "{suggestion}"
    if not template:
        return f"the template `{action.template}` has no text in the mail's language, nor for any other"
    if needs_suggestion(template) and (why := _why_no_suggestion(mail, action)):
        return why
    if mail.automatic.never:
        return f"machines are not answered: {mail.automatic.why}"
    if mail.row["answered"]:
        return "the mail was answered already, by a flag of its mailbox or a later mail of ours in its conversation"
    return why_nobody(mail)


def _why_no_suggestion(mail: ActedMail, action: ReplyAction) -> str:
    replies, allowed = list(mail.row["replies"]), mail.allowed(sender_links=action.sender_links)
    if action.suggestion > len(replies):
        return "the mail has no such suggestion"
    # A suggestion with an address is a sign that the mail gives orders to the model, so no suggestion is used.
    doubted = allowed == NOTHING and "reply_names_address" in mail.row["doubts"]
    if doubted or not replies[action.suggestion - 1].strip() or any(names_address(reply, allowed) for reply in replies):
        return "the suggestion names a link or an address, so it is not used"
    return ""


def why_nobody(mail: ActedMail) -> str:
    """Why there is nobody to answer; empty where there is."""
    is_open = bool(mail.whom.candidates)
    return "" if is_open or _is_usable(mail) else f"there is nobody to answer: {mail.whom.why}"


def _is_usable(mail: ActedMail) -> bool:
    return bool(mail.whom.address) and bare_address(mail.whom.address) not in mail.ours


def why_held(mail: ActedMail) -> str:
    """Why a person must check the recipient; empty where nobody must."""
    if mail.whom.candidates:
        return f"it is unclear whom to answer: {mail.whom.why}"
    return "" if mail.whom.verified else f"the sender is not verified: {mail.whom.why}"


def target_of(mail: ActedMail) -> str:
    """The recipient as shown to people; no address where a person must still choose it."""
    return "whom you choose" if mail.whom.candidates else mail.whom.address


def reply_content(mail: ActedMail, text: str) -> dict[str, Any]:
    """The content of the reply's effect: everything that is sent, and what a person is shown with it."""
    own, before = mail.message_ids
    candidates = list(mail.whom.candidates)
    return {
        "from": mail.reply_from,
        "to": "" if candidates else mail.whom.address,
        "to_verified": mail.whom.verified,
        "to_why": mail.whom.why,
        **({"candidates": candidates} if candidates else {}),
        "subject": reply_subject(mail.row["subject"]),
        "text": text,
        **_signatures(mail.identity),
        "in_reply_to": own,
        "references": [*before, own][-_MOST_REFERENCES:] if own else list(before[-_MOST_REFERENCES:]),
        "quoted": without_links(mail.row["text"][: 2 * _QUOTED])[:_QUOTED],
        "written": mail.row["date"],
        "mail_sha256": mail.sha256,
        "why": one_line(mail.row["reason"] or mail.row["category"] or ""),
        "doubts": [str(doubt) for doubt in mail.row["doubts"]],
        **({"passages": [one["name"] for one in mail.row["passages"]]} if len(mail.row.get("passages", ())) else {}),
    }


def _signatures(identity: Identity) -> dict[str, str]:
    """The plain signature and the one in HTML, those that there are."""
    plain = identity.signature or (read_html(identity.signature_html, Limits()).text if identity.signature_html else "")
    found = {"signature": plain, "signature_html": identity.signature_html}
    return {name: text for name, text in found.items() if text}


def build_reply(effect: Effect, sender: str, *, automatic: bool = False) -> EmailMessage:
    """The mail to be drafted or sent. The same effect gives the same bytes.

    A reply that is sent without approval declares itself automatic (RFC 3834), and has a header field by which it is
    recognised if it comes back.
    """
    content = effect.content
    people = [content["to"], *content.get("cc", ())]
    mail = EmailMessage(policy=POLICY.clone(utf8=not "".join(people).isascii()))
    if sender:
        mail["From"] = _mailbox(sender)
    mail["To"] = _mailbox(content["to"])
    if content.get("cc"):
        mail["Cc"] = [_mailbox(one) for one in content["cc"]]
    mail["Subject"] = content["subject"]
    mail["Date"] = format_datetime(datetime.fromtimestamp(effect.planned_at, UTC))
    mail["Message-ID"] = f"<{message_id(effect, sender)}>"
    if content["in_reply_to"]:
        mail["In-Reply-To"] = f"<{content['in_reply_to']}>"
    if content["references"]:
        mail["References"] = " ".join(f"<{one}>" for one in content["references"])
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["X-Loop"] = mail_address(parseaddr(sender)[1])
    _set_text(mail, content, boundary=f"=_mailroom.{effect.effect_id[:40]}")
    return mail


def _set_text(mail: EmailMessage, content: dict[str, Any], boundary: str) -> None:
    signature = f"-- \n{content['signature'].rstrip()}\n\n" if content.get("signature") else ""
    plain = f"{content['text'].rstrip()}\n\n{signature}{_quote(content)}"
    mail.set_content(plain, charset="utf-8", cte="quoted-printable")
    if content.get("signature_html"):
        mail.add_alternative(_html(content), subtype="html", charset="utf-8", cte="quoted-printable")
        mail.set_boundary(boundary)  # the library would choose one at random


def _html(content: dict[str, Any]) -> str:
    quoted = f"<blockquote>{_lines(_quote(content))}</blockquote>" if content["quoted"] else ""
    body = f"<p>{_lines(content['text'].rstrip())}</p>\n<div>{content['signature_html']}</div>\n{quoted}"
    return f"<!DOCTYPE html>\n<html><body>\n{body}\n</body></html>\n"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def message_id(effect: Effect, sender: str) -> str:
    """The reply's Message-ID without brackets. It is derived from the effect, so that copies can be recognised."""
    domain = mail_address(parseaddr(sender)[1]).rpartition("@")[2]
    return f"mailroom.{effect.effect_id[:40]}@{domain or 'mailroom.invalid'}"


def _quote(content: dict[str, Any]) -> str:
    lines = content["quoted"].splitlines()
    kept = lines[:_QUOTED_LINES] + (["[…]"] if len(lines) > _QUOTED_LINES else [])
    head = f"{content['to']}, {content['written'][:10]}:" if content["written"] else f"{content['to']}:"
    return "\n".join([head, *(f"> {line}" for line in kept)]) + "\n" if kept else ""


def _mailbox(text: str) -> Address | str:
    name, written = parseaddr(text)
    address = mail_address(written)
    # The library's own class does not accept other scripts in the local part.
    return Address(display_name=name, addr_spec=address) if address.isascii() else address
