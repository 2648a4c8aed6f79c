"""Office mail whose category is known, from the folder that MAILROOM_CORPUS names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tasks.mailbox.raw import Origin, RawMail


def office_mails(corpus: Path) -> Iterator[tuple[RawMail, dict[str, Any]]]:
    """Each mail as bytes, with what is known of it: `category` and `date` among the rest."""
    for line in (corpus / "labelled" / "gaia" / "mails.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        mail = EmailMessage()
        mail["From"], mail["To"] = entry["sender"], ", ".join(entry["to"])
        mail["Subject"], mail["X-Date"] = " ".join(entry["subject"].split()), entry["date"]
        mail.set_content(entry["body"])
        yield RawMail(raw=mail.as_bytes(), source_id=entry["id"], origin=Origin(source="gaia")), entry
