"""Composes a mail from the fields into which a mail provider has split it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

_NAME = re.compile(r"[!-9;-~]{1,200}")  # RFC 5322 ftext
_TYPE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}")
_OURS = ("content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """One attachment as a provider sends it. `content_type` and `name` are the mail sender's and untrusted."""

    name: str
    content_type: str
    content: bytes


def compose(
    headers: Sequence[tuple[str, str]], text: str | None, html: str | None, attachments: Sequence[Attached]
) -> bytes:
    """An RFC 5322 mail with these headers and parts. Equal fields give equal bytes, so repeated posts are recognised.

    Headers are written as UTF-8 (RFC 6532), so a provider's decoded text is not encoded again. A value can never become
    another header field.
    """
    message = _with_attachments(_readable(text, html), attachments)
    body = message.as_bytes().partition(b"\n\n")
    lines = [f"{name}: {_one_line(value)}" for name, value in headers if _may_stand(name)]
    top = "\n".join(lines).encode("utf-8", "replace")
    return (top + b"\n" if top else b"") + body[0] + b"\n\n" + body[2]


def _readable(text: str | None, html: str | None) -> Message:
    parts = [MIMEText(_clean(body), kind, "utf-8") for body, kind in ((text, "plain"), (html, "html")) if body]
    if not parts:
        return MIMEText("", "plain", "utf-8")
    return parts[0] if len(parts) == 1 else _multipart("alternative", parts)


def _with_attachments(readable: Message, attachments: Sequence[Attached]) -> Message:
    if not attachments:
        return readable
    return _multipart("mixed", [readable, *(_attachment_part(attached) for attached in attachments)])


def _attachment_part(attached: Attached) -> Message:
    import email.encoders

    kind = attached.content_type.partition(";")[0].strip()
    main, _, sub = (kind if _TYPE.fullmatch(kind) else "application/octet-stream").partition("/")
    if main.lower() in ("multipart", "message"):  # these types must not be base64, but plain bytes are allowed
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub)
    part.set_payload(attached.content)
    email.encoders.encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", _one_line(attached.name)))
    return part


def _multipart(kind: str, parts: Sequence[Message]) -> MIMEMultipart:
    # With a random boundary, a repeated post would be another mail.
    digest = hashlib.sha256(b"\0".join(part.as_bytes() for part in parts)).hexdigest()
    return MIMEMultipart(kind, boundary=f"mailroom-{digest[:40]}", _subparts=list(parts))


def _may_stand(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name.lower() not in _OURS


def _one_line(value: str) -> str:
    return " ".join(_clean(value).split())


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
