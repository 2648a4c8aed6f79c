"""What becomes of each part that is not the body: text for a model, a media part, or a line that says why neither."""

from collections.abc import Iterable
from hashlib import sha256

from tasks.parsing.bodies import Gathered, Loose
from tasks.parsing.limits import Limits
from tasks.parsing.mail import Attachment
from tasks.parsing.sniffing import media_type_of


def read_attachments(parts: Iterable[Gathered], limits: Limits) -> tuple[tuple[Attachment, ...], list[str]]:
    """Return every attachment with its fate, in the mail's order, and the hashes that count for the mail's identity."""
    attachments: list[Attachment] = []
    hashes: list[str] = []
    for loose in (one for gathered in parts for one in gathered.loose):
        digest = sha256(loose.data).hexdigest()
        hashes.append(line_end_hash(loose.data, digest))
        attachments.append(with_fate(loose, digest, limits))
    return tuple(attachments), hashes


def line_end_hash(data: bytes, digest: str) -> str:
    """Return a hash that is the same for CRLF and LF: text that was sent uncoded changes them on its way."""
    return sha256(data.replace(b"\r\n", b"\n")).hexdigest() if b"\r\n" in data else digest


def with_fate(loose: Loose, digest: str, limits: Limits) -> Attachment:
    media_type = media_type_of(loose.data, loose.declared_type, loose.name)
    return Attachment(
        name=loose.name,
        media_type=media_type,
        declared_type=loose.declared_type,
        size_bytes=len(loose.data),
        sha256=digest,
        fate="listed",
        reason=loose.reason or f"{media_type} is not opened",
    )
