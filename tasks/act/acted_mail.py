"""A mail as actions see it: its row, its bytes, its locations, and whom to answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Any

from tasks.act.destinations import Destinations
from tasks.act.dns import look_up_txt
from tasks.act.domains import Dns
from tasks.act.mailboxes import MailLocation
from tasks.act.recipients import addresses_in
from tasks.act.reply_headers import thread_of
from tasks.act.verified import Verdict, whom_to_answer
from tasks.links import NOTHING, Allowed, allow, without_links
from tasks.mailbox.imap.identity import NOBODY, Identity
from tasks.parsing.automatic import Automatic, read_automatic
from tasks.parsing.headers import read_head


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An action, planned for one mail. `hold` says why it waits for a person, `skip` why it can't be done."""

    target: str
    content: dict[str, Any] = field(default_factory=dict)
    hold: str = ""
    skip: str = ""


@dataclass(frozen=True, kw_only=True)
class ActedMail:
    """A mail that actions are planned for.

    `row` has the columns of the mail's `Messages`, `Readings` and `Decisions`. `locations` are the places on mail
    servers where it was seen, oldest first; empty for a mail from files.
    """

    row: Mapping[str, Any]
    raw: bytes
    locations: Sequence[MailLocation]
    destinations: Destinations
    dns: Dns = look_up_txt
    identity: Identity = NOBODY

    @cached_property
    def headers(self) -> Message:
        """The mail's header fields, with their values unchanged."""
        return read_head(self.raw)

    @cached_property
    def ours(self) -> frozenset[str]:
        """Our own addresses, those of its mailbox among them."""
        return self.destinations.ours | self.identity.own

    @cached_property
    def reply_from(self) -> str:
        """From of an answer: the address of ours that it was written to, as its mailbox says, or the settings."""
        if not self.identity.address:
            return self.destinations.reply_from
        written_to = [one for name in _WRITTEN_TO for one in addresses_in(self.headers, name)]
        return self.identity.sender(written_to)

    @cached_property
    def whom(self) -> Verdict:
        """Whom to answer, and whether that can be relied on."""
        known = self.destinations
        return whom_to_answer(self.raw, self.headers, known.authserv_ids, self.dns, self.ours)

    @cached_property
    def automatic(self) -> Automatic:
        """Whether a person wrote it."""
        return read_automatic(self.raw, self.ours)

    def allowed(self, *, sender_links: bool = False) -> Allowed:
        """The links that a model's text may contain: the operator's list, and the verified sender's domain if set."""
        listed = allow(self.destinations.allowed_links)
        return listed.with_sender(self.whom.address) if sender_links and self.whom.verified else listed

    @cached_property
    def sha256(self) -> str:
        """SHA-256, hex, of the mail's bytes. An approval is bound to it."""
        return hashlib.sha256(self.raw).hexdigest()

    @cached_property
    def message_ids(self) -> tuple[str, tuple[str, ...]]:
        """The mail's Message-ID (empty where it has none), and the ids of the thread before it."""
        return thread_of(self.headers)

    def facts(self, *, sender_links: bool = False) -> dict[str, Any]:
        """The facts about the mail that are sent to others. They contain no links except allowed ones."""
        row, allowed = self.row, self.allowed(sender_links=sender_links)
        told = {
            name: row[name]
            for name in ("message_key", "category", "urgent", "reply_wanted", "complexity", "kind", "rule")
        }
        told |= {"id": one_line(row["source_id"]), "date": row["date"], "confidence": _number(row["confidence"])}
        told |= {"language": one_line(row["language"], 40)}
        told |= {"sender": self.whom.address, "sender_verified": self.whom.verified}
        told |= {"subject": one_line(row["subject"], allowed=allowed)}
        return told | {"summary": without_links(row["summary"][:_MOST_READ], allowed)[:_MOST_SUMMARY]}


# In this order: a server adds the last ones, also where the mail itself names none of ours.
_WRITTEN_TO = ("To", "Cc", "Delivered-To", "X-Original-To")
_MOST_READ, _MOST_SUMMARY = 4_000, 2_000  # characters


def one_line(text: str, most: int = 200, allowed: Allowed = NOTHING) -> str:
    """Untrusted text as one line of at most `most` characters, without line breaks and links."""
    return " ".join(without_links(text[:_MOST_READ], allowed).split())[:most]


def _number(value: float | str | None) -> float | None:
    return None if value is None or value != value else float(value)
