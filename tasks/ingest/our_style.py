"""How we write: measured in what we sent, and said to a model that suggests replies, in words of ours alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine

from tasks.ingest.earlier import address_of
from tasks.ledger.sightings import sightings_of
from tasks.ledger.writing_styles import StyleRow, UsualStyle, any_styles, record_styles, usual_styles
from tasks.mailbox.imap.address import split_address
from tasks.parsing.mail import Mail
from tasks.parsing.writing_style import style_of
from tasks.settings.replies import bare_address

_OURS_BY_MACHINE = "mailroom."
_LEAST_WORDS, _MOST_WORDS = 10, 45
"""A reply is never asked to be shorter; and above the latter, the limit that all replies have says enough."""


def record_sent_styles(engine: Engine, mailbox: str, mails: Iterable[tuple[str, Mail]]) -> None:
    """Measure how these mails of ours are written, by their names; those of ours that no person wrote are left out."""
    record_styles(engine, [
        row for name, mail in mails
        if mail.to and not (mail.message_id or "").startswith(_OURS_BY_MACHINE) and (row := _row(name, mailbox, mail))
    ])  # fmt: skip


def _row(name: str, mailbox: str, mail: Mail) -> StyleRow | None:
    found = style_of(mail.text, mail.language)
    if not found.language or not (found.greeting or found.closing):
        return None
    return StyleRow(
        mail=name, mailbox=mailbox, recipient=bare_address(mail.to[0]), way="sent",
        at=mail.date.timestamp() if mail.date else time.time(), **vars(found),
    )  # fmt: skip


def with_style(rows: Mapping[str, dict[str, Any]], engine: Engine) -> None:
    """Put into each row, by its mail's key, how we write to its sender, as a sentence; empty where nothing is known."""
    if not any_styles(engine):
        return
    mailboxes: dict[str, str] = {}
    for key, source, _ in sightings_of(engine, list(rows), scheme="imap"):
        mailboxes.setdefault(key, split_address(source)[0])
    for mailbox in {mailboxes.get(key, "") for key in rows}:
        of_it = {
            key: (address_of(row["sender"]), row["language"])
            for key, row in rows.items() if mailboxes.get(key, "") == mailbox
        }  # fmt: skip
        usual = usual_styles(engine, mailbox, of_it.values())
        for key, whom in of_it.items():
            rows[key]["style"] = sentence(usual[whom]) if whom in usual else ""


def sentence(style: UsualStyle) -> str:
    """The style as an instruction."""
    parts = []
    if style.greeting:
        name = "" if style.name in ("", "no name") else f" and the sender's {style.name}"
        parts.append(f'begin with "{style.greeting}"{name}')
    if style.closing:
        parts.append(f'end with "{style.closing}"')
    if style.address:
        parts.append(f"address the sender {'formally' if style.address == 'formal' else 'informally'}")
    if _LEAST_WORDS <= style.words <= _MOST_WORDS:
        parts.append(f"have about {5 * round(style.words / 5)} words")
    return f"Replies {', '.join(parts)}." if parts else ""
