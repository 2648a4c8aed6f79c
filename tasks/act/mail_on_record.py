"""A mail's bytes in the ledger, and the check whether a mail in a mailbox is the same one.

A Message-ID does not identify a mail: anybody can send another mail with the same id, and mailing lists make copies. So
mails are compared by all their bytes or, where a server has added fields or refolded lines, by the body and the fields
that servers do not change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.message import Message
from functools import cached_property

from tasks.mailbox.raw import KEPT_BYTES
from tasks.parsing.headers import read_head, read_ids
from tasks.parsing.identity import unix_lines

# Fields that authors and mailing lists write. Servers do not change them when they store or move a mail.
_AUTHORS_FIELDS = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "list-id",
    "mime-version", "content-type", "content-transfer-encoding", "dkim-signature",
)  # fmt: skip


@dataclass(frozen=True)
class MailOnRecord:
    """A mail by its bytes, of which at most `KEPT_BYTES` are kept. `raw` may also be a header without a body."""

    raw: bytes

    @property
    def size_bytes(self) -> int:
        """The mail's size, or a lower bound where it was cut."""
        return len(self.raw)

    @property
    def is_cut(self) -> bool:
        """Whether the mail was too long to be kept completely."""
        return len(self.raw) >= KEPT_BYTES

    @cached_property
    def message_id(self) -> str:
        """The Message-ID without brackets; empty where there is none that can be used in a search."""
        values = [value for name, value in self._fields if name == "message-id"]
        found = next(iter(read_ids(values)), "")
        return found if any(f"<{found}>" in value for value in values) else ""

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of all bytes. Line ends are normalised."""
        return hashlib.sha256(unix_lines(self.raw)).digest()

    @cached_property
    def body_digest(self) -> bytes:
        """SHA-256 of the body. Line ends are normalised and blank lines at the end are left out."""
        return hashlib.sha256(unix_lines(self.raw).partition(b"\n\n")[2].rstrip()).digest()

    @cached_property
    def authors_fields(self) -> list[tuple[str, str]]:
        """Names and unfolded values of the fields that servers do not change, ordered by name."""
        return sorted((name, value) for name, value in self._fields if name in _AUTHORS_FIELDS)

    @cached_property
    def trace(self) -> list[str]:
        """The Received fields, newest first. Each server on the way adds one on top and removes none."""
        return [value for name, value in self._fields if name == "received"]

    def has_head_of(self, record: MailOnRecord) -> bool:
        """Whether the author's fields equal those of `record`, and the trace is equal or has new fields on top."""
        came_the_same_way = self.trace[len(self.trace) - len(record.trace) :] == record.trace
        return self.authors_fields == record.authors_fields and came_the_same_way

    def is_mail_of(self, record: MailOnRecord) -> bool:
        """Whether this is the mail of `record`, apart from what servers change."""
        return self.body_digest == record.body_digest and self.has_head_of(record)

    @cached_property
    def _fields(self) -> list[tuple[str, str]]:
        head: Message = read_head(self.raw)
        return [(name.lower(), " ".join(str(value).split())) for name, value in head.raw_items()]
