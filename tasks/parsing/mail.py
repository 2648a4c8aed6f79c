"""What a mail is once read. Every text here is data written by strangers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Fate = Literal["text", "media", "listed", "skipped"]
Kind = Literal["mail", "auto_reply", "bounce", "feedback", "calendar", "list"]
BodySource = Literal["text", "html", "calendar", "report", "forwarded", "tnef", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """One part that is not the body, and what becomes of it."""

    name: str
    media_type: str
    """By content, not by name: `application/octet-stream` where the content tells nothing."""
    declared_type: str
    size_bytes: int
    sha256: str
    fate: Fate
    """`text` and `media` may be sent to a model, `listed` is only named, `skipped` could not be or was not opened."""
    reason: str = ""
    """Why a model does not get it; empty where it does."""
    text: str | None = None
    data: bytes | None = None
    """Kept for images, audio, video and PDF (also beside its text) up to `Limits.media_bytes`; None for all else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forwarded:
    """A mail inside the mail: attached as `message/rfc822`, or returned by a bounce."""

    sender: str
    subject: str
    date: datetime | None
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail. Texts that are missing are empty strings; None means that nothing is known."""

    message_key: str
    """SHA-256 of the canonical content, hex: the same however the mail travelled."""
    likeness: str
    """What copies of it share that lists and gateways make; empty where nothing tells."""
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    sender_name: str
    sender_address: str
    """As written where it is no address; lower-case domain where it is one."""
    reply_to: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    date: datetime | None
    """UTC, aware."""
    kind: Kind
    text: str
    """What is new in this mail: quoted history, signature and hidden text cut off; may be empty."""
    quoted: str
    signature: str
    hidden_text: str
    """Text of the HTML that a reader would not see."""
    doubts: tuple[str, ...]
    """What may be missing in `text`: `answers_in_quote`, `mostly_left_out`, `all_text_hidden`."""
    language: str | None
    """ISO 639-1 (639-3 where there is none); None where the text does not tell."""
    encrypted: bool
    signed: bool
    list_unsubscribe: bool
    attachments: tuple[Attachment, ...]
    thread: tuple[Forwarded, ...]
    parse_defects: tuple[str, ...]
    quarantine: str
    """Why this mail must not go on, or empty."""
    body_source: BodySource
    charset_note: str
    """How the body's charset was found: `utf-8`, `declared:…`, `detected:…` or `replaced:…`."""
    source_id: str | None
    """Header `X-Mailroom-Id`."""
    target_language: str | None
    """Header `X-Mailroom-Target-Language`, raw, as people write it."""
