"""The bytes of a mail as the ledger keeps them, and which mail in a mailbox is that very mail.

A Message-ID is a stranger's word: whoever saw a mail can write another one under its id, and lists double it honestly.
So a mail is known by all its bytes or, where a server added fields or folded lines anew, by its body and the fields
that servers leave alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.message import Message
from functools import cached_property

from tasks.mailbox.raw import KEPT_BYTES
from tasks.parsing.headers import read_head, read_ids
from tasks.parsing.identity import unix_lines

# What authors, and lists that pass a mail on, write; no server changes it where a mail lies or moves.
_AUTHORS_FIELDS = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "list-id",
    "mime-version", "content-type", "content-transfer-encoding", "dkim-signature",
)  # fmt: skip


@dataclass(frozen=True)
class MailOnRecord:
    """A mail by its bytes, of which at most `KEPT_BYTES` are known; `raw` may also be a head without its body."""

    raw: bytes

    @property
    def size_bytes(self) -> int:
        """Its size; at least that, where it was cut."""
        return len(self.raw)

    @property
    def is_cut(self) -> bool:
        """Whether the mail was too long to be kept whole."""
        return len(self.raw) >= KEPT_BYTES

    @cached_property
    def message_id(self) -> str:
        """Its Message-ID without brackets; empty where it has none in a form that a server can be asked for."""
        values = [value for name, value in self._fields if name == "message-id"]
        found = next(iter(read_ids(values)), "")
        return found if any(f"<{found}>" in value for value in values) else ""

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of all bytes, whatever the line ends."""
        return hashlib.sha256(unix_lines(self.raw)).digest()

    @cached_property
    def body_digest(self) -> bytes:
        """SHA-256 of the body, whatever the line ends and without blank lines at its end."""
        return hashlib.sha256(unix_lines(self.raw).partition(b"\n\n")[2].rstrip()).digest()

    @cached_property
    def authors_fields(self) -> list[tuple[str, str]]:
        """Name and value of the fields that no server changes, in the order of their names, however they are folded."""
        return sorted((name, value) for name, value in self._fields if name in _AUTHORS_FIELDS)

    @cached_property
    def trace(self) -> list[str]:
        """The Received fields, the newest first. Each server on the way adds one on top, and none is taken away."""
        return [value for name, value in self._fields if name == "received"]

    def has_head_of(self, record: MailOnRecord) -> bool:
        """Whether its author's fields are those of `record`, and its trace is the same or has new fields on top."""
        came_the_same_way = self.trace[len(self.trace) - len(record.trace) :] == record.trace
        return self.authors_fields == record.authors_fields and came_the_same_way

    def is_mail_of(self, record: MailOnRecord) -> bool:
        """Whether it is the mail of `record`, except for what servers change."""
        return self.body_digest == record.body_digest and self.has_head_of(record)

    @cached_property
    def _fields(self) -> list[tuple[str, str]]:
        head: Message = read_head(self.raw)
        return [(name.lower(), " ".join(str(value).split())) for name, value in head.raw_items()]
