"""Mailbox files of other programs that cannot be read. Each gives an error that says what to do instead."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.raw import RawMail

OUTLOOK = (
    "in Outlook drag the mails into a folder of an IMAP account and read that, or on Linux or a Mac unpack the file "
    "with `readpst -r FILE` (package pst-utils) and give the folder it makes"
)
# By first bytes, or by name where the bytes vary: what the file is, and how to export its mails.
STORES: tuple[tuple[bytes, str, str, str], ...] = (
    (b"!BDN", ".pst", "an Outlook data file (PST)", OUTLOOK),
    (b"!BDN", ".ost", "Outlook's copy of an Exchange mailbox (OST)", OUTLOOK),
    (b"\xcf\xad\x12\xfe", ".dbx", "a mail folder of Outlook Express (DBX)",
     "import it into Thunderbird or Windows Mail and export the folder as .eml or mbox, or unpack it with `readdbx` or "
     "`undbx`"),
    (b"PK\x03\x04", ".olm", "an export of Outlook for Mac (OLM)",
     "drag the mails from Outlook onto a folder of the Finder, which makes a file .eml of each, and give that folder"),
    (b"\x1a\x00\x00\x04\x00\x00", ".nsf", "a database of HCL Notes (NSF)",
     "open it in Notes and export the folder as .eml, or read the mailbox by IMAP"),
    (b"\x9f\xcf", ".mbx", "a mailbox of Outlook Express 4 (MBX)", "import it into Thunderbird and export it as mbox"),
)  # fmt: skip


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether it is one of them, by its first bytes or (except .mbx) by its name."""
    return _store(blob, head) is not None


def check(blob: Blob) -> None:
    """Explain what the file is and how its mails can be read.

    Raises:
        SourceError: Always.
    """
    found = _store(blob, blob.head())
    what, way = found or ("a mailbox of another program", "export its mails as .eml or mbox")
    raise SourceError(f"`{blob.where}` is {what}, which is not read: {way}")


def count(blob: Blob) -> int:
    """Return 1, for the row with the error."""
    return 1


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Yield nothing; `check` raises first."""
    return iter(())


def _store(blob: Blob, head: bytes) -> tuple[str, str] | None:
    for magic, suffix, what, way in STORES:
        by_content = head.startswith(magic) and (blob.suffix == suffix or (not blob.suffix and magic != b"PK\x03\x04"))
        by_name = blob.suffix == suffix != ".mbx"
        if by_content or by_name:
            return what, way
    return None
