"""Mails that Outlook saved as files of its own (`.msg`, `.oft`), read in the process that opens documents."""

from __future__ import annotations

from tasks.parsing.documents.found import Bounds, NotOpened
from tasks.parsing.limits import Limits

COMPOUND_FILE = b"\xd0\xcf\x11\xe0"
PROPERTIES = "__properties_version1.0".encode("utf-16-le")
SAVE_AS = "open it in Outlook and save it as .eml, or drag it onto another mail program"


def is_compound_file(data: bytes) -> bool:
    """Return whether it is of the kind that Outlook's mails and Office's older documents are."""
    return data.startswith(COMPOUND_FILE)


def is_outlook_mail(data: bytes) -> bool:
    """Return whether Outlook's properties lie in it."""
    return is_compound_file(data) and PROPERTIES in data


def outlook_mail(data: bytes, limits: Limits, seconds: float) -> tuple[bytes, float]:
    """Return the mail in the form in which mails travel, and the CPU seconds that took.

    Raises:
        NotOpened: It is none, is damaged, or takes more than is allowed.
    """
    from tasks.parsing.documents.pool import open_document

    if len(data) > limits.mail_bytes:
        raise NotOpened(f"more than the {limits.mail_bytes:,} bytes of a mail that is read")
    if seconds <= 0:
        raise NotOpened(f"the documents of this mail take more than {limits.document_s:g} s")
    bounds = Bounds(
        chars=limits.text_chars,
        pages=limits.document_pages,
        unpacked_bytes=limits.unpacked_bytes,
        entries=limits.archive_entries,
        seconds=seconds,
    )
    found, cpu_s = open_document("outlook", data, bounds)
    return found.files[0][1], cpu_s
