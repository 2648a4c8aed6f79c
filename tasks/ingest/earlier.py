"""Earlier mails of a conversation, to be shown to a model beside a mail: whose they may be, and how much of them.

Anybody who knows a Message-ID can write into its conversation. So a mail is shown with an earlier one only if its
sender wrote that one or got it: nobody learns by an answer what was not written to him.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from tasks.ledger.earlier_mails import EarlierMail, earlier_mails
from tasks.parsing.characters import clean_for_model
from tasks.parsing.cutting import cut_text
from tasks.parsing.mail import Mail
from tasks.parsing.read_mail import read_mail
from tasks.providers.catalogue.tokens import estimate_tokens
from tasks.settings.replies import bare_address

_LEAST = 20
"""Fewer tokens of a mail are not worth showing."""
_HEAD = 60
"""Tokens of the marks and the date about each of them."""


def with_earlier(rows: Mapping[str, dict[str, Any]], engine: Engine, most_tokens: int) -> None:
    """Put into each row, by its mail's key, the earlier mails of its conversation that a model may be shown."""
    if not most_tokens:
        return
    for key, found in earlier_mails(engine, rows).items():
        rows[key]["earlier"] = _fitting(_known_to(address_of(rows[key]["sender"]), found), most_tokens)


def expected_earlier(mail: Mail, most_tokens: int) -> list[dict[str, str]]:
    """Filling for an estimate, as long as what may be shown with a mail that answers another; nothing with others."""
    if most_tokens < _HEAD + _LEAST or not (mail.in_reply_to or mail.references):
        return []
    text, _ = cut_text("word " * most_tokens, most_tokens - _HEAD, estimate_tokens)
    return [{"key": "", "sender": mail.sender_address, "date": _day(0), "text": text}]


def address_of(sender: str) -> str:
    """The bare address in a row's `sender`."""
    return bare_address(sender.rpartition("<")[2].rstrip(">").strip())


def _known_to(reader: str, mails: Iterable[EarlierMail]) -> Iterator[dict[str, str]]:
    said: set[str] = set()
    for one in mails:
        people, sender, text = _read(one)
        if reader in people and text not in said:  # what we sent may lie in two folders
            said.add(text)
            yield {"key": one.mail, "sender": sender, "date": _day(one.at), "text": text}


def _read(one: EarlierMail) -> tuple[set[str], str, str]:
    """Who wrote or got it, its sender, and its own words; no words where no model may be asked about it."""
    if one.sent:
        return set(one.sent.people), one.sent.sender, one.sent.text
    mail = read_mail(one.raw)
    people = {bare_address(address) for address in (mail.sender_address, *mail.to, *mail.cc)}
    return people, mail.sender_address, "" if mail.quarantine else clean_for_model(mail.text).text


def _fitting(mails: Iterable[dict[str, str]], most_tokens: int) -> list[dict[str, str]]:
    shown, left = [], most_tokens
    for one in mails:
        left -= _HEAD + estimate_tokens(one["sender"])
        if left < _LEAST:
            break
        text, _ = cut_text(one["text"], left, estimate_tokens)
        left -= estimate_tokens(text)
        if text.strip():
            shown.append(one | {"text": text})
    return shown


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
