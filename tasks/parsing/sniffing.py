"""Tells what bytes are by their content; names and declarations only choose among kinds of text."""

import re
import struct

from tasks.parsing.charsets import BOMS

OCTETS = "application/octet-stream"
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX = f"{OFFICE}wordprocessingml.document", f"{OFFICE}spreadsheetml.sheet"
PPTX = f"{OFFICE}presentationml.presentation"
OPEN_DOCUMENTS = {f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")}
OLE = "application/x-ole-storage"
TNEF = "application/ms-tnef"
RTF = "application/rtf"
PDF = "application/pdf"
CALENDAR = "text/calendar"

PREFIXES = (
    (b"%PDF-", PDF),
    (b"{\\rtf", RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\x78\x9f\x3e\x22", TNEF),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BEGIN:VCALENDAR", CALENDAR),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
    (b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
)
# Entries that an office file begins with, and what it then holds.
OFFICE_FIRST = re.compile(rb"\[Content_Types\]\.xml|_rels/|docProps/|word/|xl/|ppt/|customXml/")
OFFICE_PARTS = ((b"word/document", DOCX), (b"xl/workbook", XLSX), (b"ppt/presentation", PPTX))
COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
MARKUP = re.compile(r"\s*<(!doctype\s+html|html|head|body|\?xml|svg)\b", re.IGNORECASE)
CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
SAMPLE = 8_192
# Declared types that are text though they are not called so.
TEXT_TYPES = {
    "application/json", "application/xml", "application/x-yaml", "application/yaml", "application/javascript",
    "application/x-sh", "application/sql", "application/csv", "application/x-csv", "application/toml",
}  # fmt: skip
TEXT_NAMES = {
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".json": "application/json", ".md": "text/markdown",
    ".html": "text/html", ".htm": "text/html", ".xml": "application/xml", ".yaml": "application/yaml",
    ".yml": "application/yaml",
}  # fmt: skip


def media_type_of(data: bytes, declared: str, name: str) -> str:
    """Return the MIME type of some content; `application/octet-stream` where it tells nothing."""
    if not data:
        return OCTETS
    start = data[:SAMPLE].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    for prefix, media_type in PREFIXES:
        if start.startswith(prefix):
            return media_type
    if b"%PDF-" in start[:1024]:  # readers allow rubbish before it
        return PDF
    if data.startswith(b"PK\x03\x04"):
        return zip_type(data)
    if text_like(data[:SAMPLE], declared):
        return text_type(data, start, declared.lower(), name.lower())
    import filetype  # 23 ms, and most mails have no attachment

    guessed = filetype.guess_mime(data[:SAMPLE])
    return str(guessed) if guessed else OCTETS


def zip_type(data: bytes) -> str:
    """Return the type of a ZIP: an office file says so by its first entry."""
    length = struct.unpack("<H", data[26:28])[0] if len(data) > 30 else 0
    first = data[30 : 30 + length]
    if first == b"mimetype":
        stated = data[30 + length : 100 + length].partition(b"PK")[0]
        return stated.decode("ascii", "replace").strip("\x00 \r\n") if b"application/" in stated else "application/zip"
    if OFFICE_FIRST.match(first):
        return next((media_type for part, media_type in OFFICE_PARTS if part in data), "application/zip")
    return "application/zip"


def text_like(sample: bytes, declared: str) -> bool:
    """Return whether these bytes are text in some charset."""
    if any(sample.startswith(bom) for bom, _ in BOMS):
        return True
    if b"\x00" in sample or len(CONTROLS.findall(sample)) * 50 > len(sample):
        return False
    if sample.isascii() or declared.lower().startswith("text/"):
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as failure:
        return len(sample) == SAMPLE and failure.start > SAMPLE - 4  # only cut inside a character
    return True


def text_type(data: bytes, start: bytes, declared: str, name: str) -> str:
    """Return which kind of text it is."""
    markup = MARKUP.match(COMMENT.sub("", start[:1000].decode("latin-1")))
    word = markup[1].lower() if markup else ""
    if word == "svg" or (word == "?xml" and b"<svg" in start):
        return "image/svg+xml"
    if word in ("html", "head", "body") or word.startswith("!doctype"):
        return "text/html"
    if word == "?xml":
        return "text/html" if b"<html" in start else "application/xml"
    suffix = name[name.rfind(".") :] if "." in name else ""
    if declared in TEXT_TYPES or (declared.startswith("text/") and declared not in ("text/plain", CALENDAR)):
        return declared
    named = TEXT_NAMES.get(suffix, "text/plain")
    return "text/plain" if named == "text/html" else named
