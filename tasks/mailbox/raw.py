"""A mail as a source yields it: its unparsed bytes, and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

# A longer mail is cut here, so that one mail never fills the memory. The limit is above the parser's, so that the
# parser still sees that the mail is too long.
KEPT_BYTES = 64_000_000
# The ledger's column has this size.
PLACE_CHARS = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a mail came from. `uid` identifies it only together with `mailbox` and `uidvalidity`."""

    source: str
    """The source's name: an absolute path, or an address without its secrets."""
    mailbox: str = ""
    """The folder on a mail server, or the file inside a folder or an archive that holds many mails."""
    uidvalidity: int | None = None
    uid: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RawMail:
    """One mail, not parsed."""

    raw: bytes
    """At most `KEPT_BYTES`, unchanged except that an mbox's quoting is removed."""
    source_id: str
    """The mail's id where it came from: a table's id, a file's name, a UID. Not promised to be unique."""
    origin: Origin
    target_language: str | None = None
    """A language's name or code; None where the source gives none."""
    size_bytes: int = 0
    """The mail's size in bytes; more than `len(raw)` where it was cut."""
    problem: str = ""
    """Why `raw` is not the mail (a file without permission, a damaged member of an archive); empty where it is.

    Such a row is known by its place alone, as its bytes say nothing.
    """
    defects: tuple[str, ...] = ()
    """What was wrong with the file around the mail, for its outcome."""
    answered: bool = False
    """Whether its mailbox says that somebody answered it; False where nothing is known."""
    marks: frozenset[str] = frozenset()
    """What people or programs marked it with in its mailbox before it was read: `tasks.mailbox.imap.marks`."""
    conversation: str = ""
    """What its server calls its conversation; empty where it does not say."""
    foreign: bool = False
    """True where it is clearly not mail (a licence beside the mails); `problem` says what it is."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size_bytes", max(self.size_bytes, len(self.raw)))

    @property
    def place(self) -> str:
        """Its place in its source, which is always the same: `FOLDER/UIDVALIDITY/UID`, or file and id."""
        origin = self.origin
        if origin.uid is not None:
            return shorten(f"{origin.mailbox}/{origin.uidvalidity}/{origin.uid}")
        if self.source_id.startswith(origin.mailbox):
            return shorten(self.source_id)
        return shorten(f"{origin.mailbox}#{self.source_id}")


def shorten(place: str) -> str:
    """Return a place of at most `PLACE_CHARS`.

    A longer one is replaced by its end, which distinguishes mails, and a hash of the whole place.
    """
    if len(place) <= PLACE_CHARS:
        return place
    digest = hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()[:32]
    return f"{digest}…{place[-(PLACE_CHARS - 33) :]}"


def read_kept(stream: BinaryIO) -> tuple[bytes, int]:
    """Return the first `KEPT_BYTES` of `stream` and its size in bytes. The rest is read and dropped."""
    kept = stream.read(KEPT_BYTES)
    size = len(kept)
    while len(kept) == KEPT_BYTES and (more := stream.read(1 << 20)):
        size += len(more)
    return kept, size


def no_mail(name: str, source: str, problem: str, *, size_bytes: int = 0, foreign: bool = False) -> RawMail:
    """Return the row for something that is not a mail or can't be read."""
    return RawMail(
        raw=b"",
        source_id=name,
        origin=Origin(source=source),
        size_bytes=size_bytes,
        problem=problem,
        foreign=foreign,
    )
