"""TNEF, which Outlook calls `winmail.dat`."""

import logging

from tasks.parsing.documents.found import Bounds, DocumentContent, NotOpened


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the text and the files inside; the text may be HTML, or RTF where there is nothing else."""
    try:
        from tnefparse import TNEF
    except ImportError as failure:
        raise NotOpened("winmail.dat is opened only with the extra `tnef` installed") from failure
    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)
    opened = TNEF(data, do_checksum=False)
    files = [(file_name(one), bytes(one.data or b"")) for one in opened.attachments[: bounds.entries]]
    text, html = body(opened, bounds)
    return DocumentContent(text=text[: bounds.chars], html=html, files=files)


def file_name(attachment: object) -> str:
    """Return an attachment's long name, else its short one."""
    try:
        name = str(attachment.long_filename() or "")  # type: ignore[attr-defined]
    except (TypeError, AttributeError, UnicodeError):
        name = ""
    return (name or as_text(getattr(attachment, "name", ""))).rstrip("\x00")


def body(opened: object, bounds: Bounds) -> tuple[str, bool]:
    """Return the best text there is, and whether it is HTML."""
    plain, page = (as_text(getattr(opened, name, None)) for name in ("body", "htmlbody"))
    if plain.strip() or page.strip():
        return (plain, False) if plain.strip() else (page, True)
    try:
        rich = as_bytes(opened.rtfbody)  # type: ignore[attr-defined]
    except Exception:  # the decompressor too
        return "", False
    if not rich.startswith(b"{\\rtf"):
        return "", False
    from tasks.parsing.documents.rich_text import read as read_rich_text

    return read_rich_text(rich, bounds).text, False


def as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value or "").encode("latin-1", "replace")


def as_text(value: object) -> str:
    """Return a property as text: some come as bytes, some as a list of them."""
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    if not isinstance(value, bytes):
        return str(value or "")
    from tasks.parsing.charsets import decode

    return decode(value.rstrip(b"\x00")).text
