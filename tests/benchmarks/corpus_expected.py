"""What the corpus's own expectation files say of its mails, beside what we read.

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
    beside = path.with_suffix(".json")
    if beside.exists():
        yield from against_json(path, json.loads(beside.read_text("utf-8")), mail)
    for decoded in sorted(path.parent.glob(f"{path.stem}_decoded_*.txt")):
        text = TAG.sub(" ", decode(decoded.read_bytes(), "latin-1").text)
        yield words_checked(path, decoded.name, text, mail)


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
    return Checked(path=path.name, field=field, expected=expected[:60], read=read[:60], right=right)


def words_checked(path: Path, field: str, expected: str, mail: Mail) -> Checked:
    """Every word of the expected text stands somewhere in what we read, in the body or beside it."""
    read = everything(mail)
    known = set(WORD.findall(read))
    missing = [word for word in WORD.findall(expected) if word not in known]
    return Checked(
        path=path.name,
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
