"""A mail as a source gives it: bytes nobody has looked into, and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

# A longer mail is cut here, so that one mail never fills the memory. Above what the parser accepts, so that it still
# sees that the mail is too long.
KEPT_BYTES = 64_000_000
# What the ledger has room for.
PLACE_CHARS = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a mail came from; `uid` means the same mail only under the same `mailbox` and `uidvalidity`."""

    source: str
    """The source's name: an absolute path, or an address without its secrets."""
    mailbox: str = ""
    """The folder on a mail server, or the file inside a folder or an archive that holds many mails."""
    uidvalidity: int | None = None
    uid: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RawMail:
    """One mail, unread."""

    raw: bytes
    """At most `KEPT_BYTES`; as found, but for the quoting that an mbox adds."""
    source_id: str
    """The mail's id where it came from: a table's id, a file's name, a UID. Not promised to be unique."""
    origin: Origin
    target_language: str | None = None
    """As people write it; None where the source does not say."""
    size_bytes: int = 0
    """The mail's whole size; more than `len(raw)` where it was cut."""
    problem: str = ""
    """Why `raw` is not the mail (a file without permission, a damaged member of an archive); empty where it is.

    Such a row is known by its place alone, as its bytes say nothing.
    """
    defects: tuple[str, ...] = ()
    """What was wrong with the file around the mail, for its outcome."""
    answered: bool = False
    """Whether its mailbox says that somebody answered it; False where nothing is known."""
    conversation: str = ""
    """What its server calls its conversation; empty where it does not say."""
    foreign: bool = False
    """True where it is clearly something else than mail (a licence beside the mails); `problem` says what."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size_bytes", max(self.size_bytes, len(self.raw)))

    @property
    def place(self) -> str:
        """Where in its source it lies, the same each time it is read: `FOLDER/UIDVALIDITY/UID`, or by file and id."""
        origin = self.origin
        if origin.uid is not None:
            return shorten(f"{origin.mailbox}/{origin.uidvalidity}/{origin.uid}")
        if self.source_id.startswith(origin.mailbox):
            return shorten(self.source_id)
        return shorten(f"{origin.mailbox}#{self.source_id}")


def shorten(place: str) -> str:
    """Return a place of at most `PLACE_CHARS`.

    A longer one is cut to its end, which tells mails apart, and a hash of the whole place.
    """
    if len(place) <= PLACE_CHARS:
        return place
    digest = hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()[:32]
    return f"{digest}…{place[-(PLACE_CHARS - 33) :]}"


def read_kept(stream: BinaryIO) -> tuple[bytes, int]:
    """Return the first `KEPT_BYTES` of `stream` and how many bytes it has in all; the rest is read and dropped."""
    kept = stream.read(KEPT_BYTES)
    size = len(kept)
    while len(kept) == KEPT_BYTES and (more := stream.read(1 << 20)):
        size += len(more)
    return kept, size


def no_mail(name: str, source: str, problem: str, *, size_bytes: int = 0, foreign: bool = False) -> RawMail:
    """Return the row of something that gives no mail."""
    return RawMail(
        raw=b"",
        source_id=name,
        origin=Origin(source=source),
        size_bytes=size_bytes,
        problem=problem,
        foreign=foreign,
    )
