"""Mails that are likely copies of an earlier one: they differ only in what mailing lists and gateways change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection, Engine, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import messages


class Likeness(Protocol):
    """A mail with its `likeness`: a hash that its copies share, empty where the mail has too little to compare."""

    @property
    def message_key(self) -> str: ...

    @property
    def likeness(self) -> str: ...


def find_earlier(connection: Connection, mails: Sequence[Likeness]) -> dict[str, str]:
    """Return by key the earlier mail that each of these is likely a copy of; originals have none."""
    first: dict[str, str] = {}
    for some in in_batches({mail.likeness for mail in mails if mail.likeness}):
        known = select(messages.c.likeness, messages.c.message_key).where(messages.c.likeness.in_(some))
        for likeness, key in connection.execute(known.order_by(messages.c.first_seen, messages.c.message_key)):
            first.setdefault(likeness, key)
    earlier: dict[str, str] = {}
    for mail in mails:
        if mail.likeness and (key := first.setdefault(mail.likeness, mail.message_key)) != mail.message_key:
            earlier.setdefault(mail.message_key, key)
    return earlier


def likely_copies(engine: Engine, keys: Iterable[str]) -> dict[str, str]:
    """Return which of these mails are likely copies, and the key of the earlier mail for each."""
    found: dict[str, str] = {}
    for some in in_batches(keys):
        wanted = select(messages.c.message_key, messages.c.likely_of).where(
            messages.c.message_key.in_(some), messages.c.likely_of.is_not(None)
        )
        with reading(engine) as connection:
            found |= {key: earlier for key, earlier in connection.execute(wanted)}
    return found
