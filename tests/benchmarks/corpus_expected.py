"""Compares the corpus's own expectation files with what we read.

mail-parser keeps `NNN.json` beside `NNN.eml`; mime4j keeps the decoded text of each part as `X_decoded_1_2.txt`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.parsing.charsets import decode
from tasks.parsing.mail import Mail

WORD = re.compile(r"[^\W_]+")
TAG = re.compile(r"<[^<>]{1,200}>|&[a-z]{2,8};")

# Of enmime, whose expectations are in its own tests' code: read with the eye.
BY_HAND: dict[str, dict[str, str]] = {
    "low-quality/bad-header-start.raw": {"sender_name": "James Hillyerd", "text": "A text section"},
    "low-quality/bad-header-wrap.raw": {"subject": "Attachment", "text": "A text section"},
    "low-quality/incorrect-charset.raw": {"text": "Using Unicode/UTF-8, you can write in emails and source code"},
    "low-quality/malformed-base64-attach.raw": {"text": "A text section", "files": "some.doc"},
    "low-quality/missing-content-type.raw": {"text": "A plain text email"},
    "low-quality/unk-charset-html-only.raw": {"text": "Hello World!", "body_source": "html"},
    "low-quality/unk-encoding-part.raw": {"text": "A text section", "files": "foo_9E5D72.zip"},
    "mail/attachment-only-text-attachment.raw": {"text": "", "files": "test.csv"},
    "mail/attachment-only-inline-quoted-printable.raw": {"text": "Just some html content"},
    "mail/erroneous.raw": {"text": "// Not an RFC-822 Document"},
    "mail/malformed-multiple-address-header-values.raw": {
        "sender_address": "bobby@extern",
        "files": "test.pdf; test.txt",
    },
    "mail/mime-bad-8bit-filename.raw": {"text": "Text part", "files": "管理.doc"},
    "mail/mime-bad-content-type.raw": {"files": "Invoice_302232133150612.pdf"},
    "mail/mime-blank-media-name.raw": {"files": "Invoice_302232133150612.pdf"},
    "mail/mime-mixed.raw": {"text": "Section one\n\nSection two"},
    "mail/mime-signed.raw": {"text": "Section one\n\nSection two", "signed": "True"},
    "mail/mime-unquoted-tspecials-param.raw": {"files": "Invoice_(302232133150612).pdf"},
    "mail/multipart-wo-boundary.raw": {"kind": "bounce", "text": "I'm  multipart message without boundary"},
    "mail/non-mime-html-charset-header-only.raw": {"text": "Test Müller"},
    "mail/non-mime-missing-charset.raw": {"text": "Unencoded Euro Sign: €"},
    "mail/qp-utf8-header-recursed.raw": {"subject": "MIME UTF8 Test ¢ More Text"},
    "mail/qp-utf8-header.raw": {"subject": "MIME UTF8 Test ¢ More Text"},
    "dsn/multi_recipient_dsn.raw": {"kind": "bounce", "sender_address": "MAILER-DAEMON@cs.utk.edu"},
    "parts/badboundary.raw": {"text": "A text section"},
    "parts/chardet-fail-not-long-enough.raw": {"text": "和弟弟"},
    "parts/chardet-success-big-5.raw": {"text": "顏是家訓"},
    "parts/chardet-success-iso-8859-1.raw": {"text": "DIE Drachenköpfe unserer Boote"},
    "parts/extra-base64-character.raw": {"text": "Hello World!"},
    "parts/html-with-boundary.raw": {"text": "An HTML section", "body_source": "html"},
    "parts/multi-malformed.raw": {"text": "Section one\n\nI'm section without headers\n\nSection two"},
    "parts/nestedmulti.raw": {"text": "A text section", "files": "attach.txt; attach2.txt"},
    "parts/quoted-printable.raw": {"text": "Start=ABC=Finish"},
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One field of one mail; `right` where what we read holds what is expected."""

    path: str
    field: str
    expected: str
    read: str
    right: bool


def compare(path: Path, mail: Mail) -> Iterator[Checked]:
    """Give a row for each expectation about this mail; none where its source has no file for it."""
    for field, expected in BY_HAND.get(f"{path.parent.name}/{path.name}", {}).items():
        yield by_hand(path, field, expected, mail)
    beside = path.with_suffix(".json")
    if beside.exists():
        yield from against_json(path, json.loads(beside.read_text("utf-8")), mail)
    for decoded in sorted(path.parent.glob(f"{path.stem}_decoded_*.txt")):
        text = TAG.sub(" ", decode(decoded.read_bytes(), "latin-1").text)
        yield words_checked(path, decoded.name, text, mail)


def by_hand(path: Path, field: str, expected: str, mail: Mail) -> Checked:
    read = "; ".join(one.name for one in mail.attachments) if field == "files" else str(getattr(mail, field))
    right = read.startswith(expected) if field == "text" else read == expected
    return Checked(path=f"{path.parent.name}/{path.name}", field=field, expected=expected, read=read[:60], right=right)


def against_json(path: Path, wanted: dict[str, Any], mail: Mail) -> Iterator[Checked]:
    root = wanted["parts"][0]
    headers = {header["name"]: header["value"] for header in root["headers"] if isinstance(header["name"], str)}
    if "Text" in (subject := headers.get("subject", {})):
        yield equal(path, "subject", subject["Text"], mail.subject)
    if "Text" in (identity := headers.get("message_id", {})):
        yield equal(path, "message_id", identity["Text"], mail.message_id or "")
    sender = [one["address"] or one["name"] or "" for one in addresses(headers.get("from", {}))]
    if sender:
        yield equal(path, "from", sender[0], mail.sender_address or mail.sender_name)
    recipients = [one["address"] for one in addresses(headers.get("to", {})) if one["address"]]
    if recipients:
        yield equal(path, "to", " ".join(recipients), " ".join(mail.to))
    for number in wanted["text_body"]:
        text = wanted["parts"][number]["body"].get("Text", "")
        if text.strip():
            yield words_checked(path, f"part {number}", text, mail)


def addresses(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the mailboxes of an address field, those in groups too."""
    address = value.get("Address", {})
    groups = address.get("Group", [])
    return [*address.get("List", []), *(one for group in groups for one in group["addresses"])]


def equal(path: Path, field: str, expected: str, read: str) -> Checked:
    """White space and letter case don't count: a domain has none, and folding adds the other."""
    right = " ".join(expected.split()).lower() == " ".join(read.split()).lower()
    return Checked(
        path=f"{path.parent.name}/{path.name}", field=field, expected=expected[:60], read=read[:60], right=right
    )


def words_checked(path: Path, field: str, expected: str, mail: Mail) -> Checked:
    """Every word of the expected text stands somewhere in what we read, in the body or beside it."""
    read = everything(mail)
    known = set(WORD.findall(read))
    missing = [word for word in WORD.findall(expected) if word not in known]
    return Checked(
        path=f"{path.parent.name}/{path.name}",
        field=field,
        expected=expected[:60],
        read=read[:60] + f" (missing {missing[:5]})",
        right=not missing,
    )


def everything(mail: Mail) -> str:
    """Return all text of a mail, wherever it went."""
    texts = [mail.subject, mail.text, mail.quoted, mail.signature, mail.hidden_text]
    texts += [one.text or one.name for one in mail.attachments]
    texts += [f"{one.sender} {one.subject} {one.text}" for one in mail.thread]
    return "\n".join(texts)
