"""Makes a row of `Messages` from a raw mail: the text for a model, and what is known without one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from tasks.ingest.model_text import model_text
from tasks.mailbox.kinds import Source
from tasks.mailbox.raw import RawMail
from tasks.parsing.automatic import read_automatic
from tasks.parsing.languages import parse_language
from tasks.parsing.mail import Attachment, Mail
from tasks.parsing.read_mail import read_mail, unreadable
from tasks.questions import Media
from tasks.settings import Settings

# Schemes of sources that only the operator can write to. Mail from others, such as mailboxes, is untrusted.
_OPERATORS_OWN = ("/", "-", "s3:", "gs:")


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A raw mail and its row."""

    raw: RawMail
    mail: Mail
    row: dict[str, Any]


def as_of_source(source: Source, settings: Settings) -> Settings:
    """The settings while mails of this source are read: a mailbox has addresses of its own, and perhaps a language."""
    own: tuple[str, ...] = getattr(source, "own_addresses", ())
    language = getattr(source, "language", "") or settings.target_language
    return settings.model_copy(update={"own_addresses": (*settings.own_addresses, *own), "target_language": language})


def parse(raw: RawMail, settings: Settings) -> Parsed:
    """Parse the mail and make its row. `fence` is 0 until the mail is claimed."""
    mail = _broken(raw) if raw.problem else read_mail(raw.raw)
    given = model_text(mail, settings.most_tokens)
    target, complaint = _target_language(raw, mail, settings)
    row = {
        "message_key": mail.message_key,
        "fence": 0,
        "source_id": (mail.source_id if is_operators_own(raw) else None) or raw.source_id,
        "sender": _sender(mail),
        "sender_name": mail.sender_name,
        "subject": mail.subject,
        "date": mail.date.isoformat().replace("+00:00", "Z") if mail.date else "",
        "kind": mail.kind,
        "automatic": read_automatic(raw.raw, settings.ours).why,
        "text": given.text,
        "language": mail.language or "",
        "target_language": target,
        "attachments": [_described(one) for one in mail.attachments],
        "media": [media for one in mail.attachments if (media := _media(one))],
        "tokens": given.tokens,
        "likely_duplicate_of": "",
        "thread_size": 1,
        "answered": raw.answered,
        "last_from_us": False,
        "earlier": [],
        "passages": [],
        "style": "",
        "parse_defects": [*mail.parse_defects, *raw.defects, *given.defects, *complaint],
        "doubts": list(mail.doubts),
        "left_out": [piece.counted() for piece in given.left_out],
    }
    row["unreadable"] = mail.quarantine or _nothing_to_read(row)
    return Parsed(raw=raw, mail=mail, row=row)


def _sender(mail: Mail) -> str:
    # For people to read, so nothing is encoded. Angle brackets in a name must not look like those of the address.
    name = mail.sender_name.replace("<", "").replace(">", "").strip()
    return f"{name} <{mail.sender_address}>" if name and mail.sender_address else name or mail.sender_address


def _broken(raw: RawMail) -> Mail:
    # All such mails have the same (or no) bytes, so the place must distinguish them.
    place = f"{raw.origin.source}\0{raw.origin.mailbox}\0{raw.source_id}"
    return unreadable(hashlib.sha256(place.encode()).hexdigest().encode(), raw.problem)


def _nothing_to_read(row: dict[str, Any]) -> str:
    readable = row["text"].strip() or row["subject"].strip() or row["media"]
    return "" if readable else "There is neither a subject nor a text nor a picture in it."


def is_operators_own(raw: RawMail) -> bool:
    """Return whether the operator put the mail there (a path, a bucket, stdin): its `X-Mailroom-` headers count."""
    return raw.origin.source.startswith(_OPERATORS_OWN)


def wished_language(raw: RawMail, mail: Mail) -> str | None:
    """Return the target language that the mail itself asks for: its table row's, else its header's if that counts."""
    return raw.target_language or (mail.target_language if is_operators_own(raw) else None)


def _target_language(raw: RawMail, mail: Mail, settings: Settings) -> tuple[str, list[str]]:
    """The code of the target language, and defects: the mail's own, else its sender's, else the run's."""
    wanted = wished_language(raw, mail)
    if wanted:
        try:
            return _code(wanted), []
        except ValueError:
            return _code(_sender_or_run(mail, settings)), [f"unknown target language `{wanted[:40]}`"]
    return _code(_sender_or_run(mail, settings)), []


def _sender_or_run(mail: Mail, settings: Settings) -> str:
    address = mail.sender_address.lower()
    by_sender = settings.sender_languages
    return by_sender.get(address) or by_sender.get(address.rpartition("@")[2]) or settings.target_language


def _code(name: str) -> str:
    return parse_language(name).code.partition("-")[0]


def _described(one: Attachment) -> dict[str, Any]:
    return {"name": one.name, "type": one.media_type, "bytes": one.size_bytes, "fate": one.fate, "why": one.reason}


def _media(one: Attachment) -> Media | None:
    if one.fate != "media" or one.data is None:
        return None
    kind = "pdf" if one.media_type == "application/pdf" else one.media_type.partition("/")[0]
    if kind not in ("image", "audio", "video", "pdf"):
        return None
    return Media(kind=kind, media_type=one.media_type, data=one.data, name=one.name)  # type: ignore[arg-type]  # checked above
