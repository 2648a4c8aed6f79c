"""What makes two deliveries the same mail: what its author wrote, not how it travelled."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable

# Part of every key, so that a change of what goes into a key changes all keys, and not some.
VERSION = "1"


def message_key(
    *,
    message_id: str,
    sender: str,
    subject: str,
    date: str,
    bodies: Iterable[str],
    attachments: Iterable[str],
    names: Iterable[str] = (),
    inner: Iterable[str] = (),
) -> str:
    """Return the SHA-256, hex, of the canonical content.

    `date` is the Date header's moment in ISO form, or its text. `bodies` are the decoded sources of all body parts;
    HTML stays HTML, so that a better text extractor later gives the same key. `attachments` are hashes of decoded
    contents.
    Where a mail has no id, `names` of files and `inner`, the headers of mails inside, count as well.
    White space never counts, because line ends, folding and `format=flowed` change it on the way.
    """
    parts = [VERSION, message_id, sender.lower(), squeeze(subject), date]
    parts += ["bodies", *(squeeze(body) for body in bodies), "attachments", *sorted(attachments)]
    if not message_id:
        named = sorted(squeeze(name) for name in names if name.strip())
        parts += ["names", *named] if named else []
        headers = [squeeze(header) for header in inner if header.strip()]
        parts += ["inner", *headers] if headers else []
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def squeeze(text: str) -> str:
    """Return text in composed form with each run of white space as one blank."""
    joined = " ".join(text.split())
    return joined if joined.isascii() else unicodedata.normalize("NFC", joined)


def raw_key(raw: bytes) -> str:
    """Return the key of bytes that hold no mail that could be read."""
    return hashlib.sha256(unix_lines(raw).strip()).hexdigest()


def unix_lines(data: bytes) -> bytes:
    """Return data with LF for CRLF, and for CR where there is nothing else."""
    return data.replace(b"\r\n", b"\n") if b"\n" in data else data.replace(b"\r", b"\n")
