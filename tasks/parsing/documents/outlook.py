"""A mail that Outlook saved as `.msg` or `.oft` (MS-OXMSG, in a compound file): made a mail of the internet again."""

from __future__ import annotations

import io
import re
import struct
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr

import olefile

from tasks.parsing.documents.found import Bounds, DocumentContent, NotOpened

# Property ids (MS-OXPROPS).
SUBJECT, BODY, HTML, RTF = 0x0037, 0x1000, 0x1013, 0x1009
TRANSPORT_HEADERS, MESSAGE_ID, REFERENCES, IN_REPLY_TO = 0x007D, 0x1035, 0x1039, 0x1042
SENT, DELIVERED = 0x0039, 0x0E06
CODE_PAGES = (0x3FDE, 0x3FFD)
# Of whom it was sent for, else of who sent it: name, SMTP address, address.
SENDERS = ((0x0042, 0x5D02, 0x0065), (0x0C1A, 0x5D01, 0x0C1F))
RECIPIENT_NAME, RECIPIENT_SMTP, RECIPIENT_ADDRESS, RECIPIENT_TYPE = 0x3001, 0x39FE, 0x3003, 0x0C15
FILE_DATA, LONG_NAME, SHORT_NAME, FILE_TYPE, CONTENT_ID = 0x3701, 0x3707, 0x3704, 0x370E, 0x3712
TEXT, ANSI, BINARY, TIME = 0x001F, 0x001E, 0x0102, 0x0040
STREAM = re.compile(r"__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})", re.IGNORECASE)
FIXED = "__properties_version1.0"
FIELD_NAMES = {1: "To", 2: "Cc", 3: "Bcc"}
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
DEPTH = 20
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
# What describes the parts that Outlook has taken apart.
OF_PARTS = re.compile(r"(?:content-|mime-version)", re.IGNORECASE)
PLACE = list[str]


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the mail as one file, in the form in which mails travel."""
    return DocumentContent(files=[("message.eml", as_mail(data, bounds))])


def as_mail(data: bytes, bounds: Bounds) -> bytes:
    """Return the bytes of the mail.

    Raises:
        NotOpened: It is no mail, or a damaged one.
    """
    try:
        file = olefile.OleFileIO(io.BytesIO(data))
    except (OSError, ValueError, IndexError, struct.error) as failure:
        raise NotOpened("damaged: no reader of Outlook's files opens it") from failure
    if not file.exists(FIXED):
        raise NotOpened("a file of an Office program, and no mail")
    return Folder(file, [], 32).mail(bounds, 0).as_bytes()


class Folder:
    """A storage of the file: the mail, one of its recipients or files, or a mail attached to it."""

    def __init__(self, file: olefile.OleFileIO, place: PLACE, header_bytes: int, codec: str = "") -> None:
        self.file, self.place = file, place
        self.streams: dict[tuple[int, int], str] = {}
        self.folders: list[str] = []
        for path in file.listdir(streams=True, storages=True):
            if path[:-1] == place:
                found = STREAM.fullmatch(path[-1])
                if found:
                    self.streams[int(found[1], 16), int(found[2], 16)] = path[-1]
                self.folders.append(path[-1])
        self.fixed = self.read_fixed(header_bytes)
        page = next((int.from_bytes(self.fixed[one][:4], "little") for one in CODE_PAGES if one in self.fixed), 0)
        self.codec = f"cp{page}" if page else codec

    def read_fixed(self, header_bytes: int) -> dict[int, bytes]:
        """Return the eight bytes of each property of fixed length."""
        path = [*self.place, FIXED]
        if not self.file.exists(path):
            return {}
        data = self.file.openstream(path).read()[header_bytes:]
        entries = [data[at : at + 16] for at in range(0, len(data) - 15, 16)]
        return {struct.unpack("<I", entry[:4])[0] >> 16: entry[8:] for entry in entries}

    def bytes_of(self, name: int, kind: int) -> bytes:
        stream = self.streams.get((name, kind))
        if not stream:
            return b""
        content: bytes = self.file.openstream([*self.place, stream]).read()
        return content

    def text(self, name: int) -> str:
        """Return a text property; empty where there is none."""
        if (name, TEXT) in self.streams:
            return self.bytes_of(name, TEXT).decode("utf-16-le", "replace").rstrip("\x00")
        from tasks.parsing.charsets import decode

        return decode(self.bytes_of(name, ANSI), self.codec).text.rstrip("\x00")

    def line(self, name: int) -> str:
        """Return a text property on one line."""
        return CONTROLS.sub(" ", self.text(name)).strip()

    def inside(self, prefix: str) -> list[Folder]:
        """Return the storages that begin so, in order."""
        names = sorted(name for name in self.folders if name.lower().startswith(prefix))
        return [Folder(self.file, [*self.place, name], 8, self.codec) for name in names]

    def mail(self, bounds: Bounds, depth: int) -> Message:
        """Return the mail that lies in this storage."""
        if depth > DEPTH:
            raise NotOpened(f"mails inside mails, more than {DEPTH} levels deep")
        parts = [*self.bodies(bounds), *self.files(bounds, depth)]
        whole = parts[0] if len(parts) == 1 else MIMEMultipart("mixed", None, parts)
        for name, value in self.fields():
            whole[name] = value
        return whole

    def fields(self) -> list[tuple[str, str]]:
        """Return the header: as it came over the wire where Outlook kept that, else made from the properties."""
        from email.parser import HeaderParser

        sent = HeaderParser().parsestr(self.text(TRANSPORT_HEADERS).lstrip()).items()
        kept = [
            (name, encoded(str(value)))
            for name, value in sent
            if not OF_PARTS.match(name) and re.fullmatch(r"[!-9;-~]+", name)
        ]
        known = {name.lower() for name, _ in kept}
        return kept + [
            (name, encoded(value)) for name, value in self.made_fields() if value and name.lower() not in known
        ]

    def made_fields(self) -> list[tuple[str, str]]:
        recipients: dict[str, list[str]] = {}
        for one in self.inside("__recip_version1.0_"):
            kind = FIELD_NAMES.get(int.from_bytes(one.fixed.get(RECIPIENT_TYPE, b"\1")[:4], "little"), "To")
            address = one.line(RECIPIENT_SMTP) or one.line(RECIPIENT_ADDRESS)
            recipients.setdefault(kind, []).append(mailbox(one.line(RECIPIENT_NAME), address))
        sender = next((mailbox(self.line(n), self.line(s) or self.line(a)) for n, s, a in SENDERS if self.line(n)), "")
        ids = [("Message-ID", MESSAGE_ID), ("In-Reply-To", IN_REPLY_TO), ("References", REFERENCES)]
        return [
            ("From", sender or mailbox("", self.line(SENDERS[1][1]) or self.line(SENDERS[1][2]))),
            *((kind, ", ".join(some)) for kind, some in recipients.items()),
            ("Subject", self.line(SUBJECT)),
            ("Date", self.date()),
            *((name, self.line(tag)) for name, tag in ids),
        ]

    def date(self) -> str:
        for name in (SENT, DELIVERED):
            ticks = int.from_bytes(self.fixed.get(name, b""), "little")
            if 0 < ticks < 2**61:
                return format_datetime(EPOCH + timedelta(microseconds=ticks // 10))
        return ""

    def bodies(self, bounds: Bounds) -> list[Message]:
        """Return the text, as HTML too where it is kept so; of RTF only where there is nothing else."""
        plain = self.text(BODY).replace("\r\n", "\n")
        page = self.bytes_of(HTML, BINARY) or self.text(HTML).encode()
        if not plain.strip() and not page.strip():
            plain = rich_text(self.bytes_of(RTF, BINARY), bounds)
        texts: list[Message] = [MIMEText(plain, "plain", "utf-8")] if plain.strip() or not page.strip() else []
        if page.strip():
            one = MIMEApplication(page, "octet-stream")
            one.replace_header("Content-Type", f'text/html; charset="{self.codec or "utf-8"}"')
            texts.append(one)
        return texts if len(texts) == 1 else [MIMEMultipart("alternative", None, texts)]

    def files(self, bounds: Bounds, depth: int) -> list[Message]:
        """Return the attached files and mails."""
        found: list[Message] = []
        for one in self.inside("__attach_version1.0_")[: bounds.entries]:
            inner = next((name for name in one.folders if name.upper().endswith(f"_{FILE_DATA:04X}000D")), "")
            if inner:
                folder = Folder(self.file, [*one.place, inner], 24, self.codec)
                found.append(
                    MIMEMessage(folder.mail(bounds, depth + 1)) if FIXED in folder.folders else ole_object(one)
                )
            else:
                found.append(one.file_part())
        return found

    def file_part(self) -> Message:
        part = MIMEApplication(self.bytes_of(FILE_DATA, BINARY), "octet-stream")
        declared = self.line(FILE_TYPE)
        if re.fullmatch(r"[\w.+-]+/[\w.+-]+", declared) and not declared.startswith(("multipart/", "message/")):
            part.replace_header("Content-Type", declared)
        name = self.line(LONG_NAME) or self.line(SHORT_NAME)
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name or "file"))
        if identity := self.line(CONTENT_ID):
            part["Content-ID"] = encoded(f"<{identity.strip('<>')}>")
        return part


def ole_object(folder: Folder) -> Message:
    """Return what stands for an object of another program, which is not taken out."""
    part = MIMEApplication(b"", "octet-stream")
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", folder.line(LONG_NAME) or "object"))
    return part


def mailbox(name: str, address: str) -> str:
    """Return a mailbox; an address of Exchange's own directory is none of the internet."""
    if "@" not in address:
        return f'"{name}"' if "@" in name else name
    return (
        formataddr((name if name != address else "", address), "utf-8") if address.isascii() else f"{name} <{address}>"
    )


def encoded(value: str) -> str:
    """Return a header value on one line, in ASCII."""
    line = CONTROLS.sub(" ", value).strip()
    return line if line.isascii() else Header(line, "utf-8", maxlinelen=10_000).encode()


def rich_text(data: bytes, bounds: Bounds) -> str:
    """Return the text of compressed RTF; empty where it is none."""
    from compressed_rtf import decompress

    from tasks.parsing.documents.rich_text import read as read_rich_text

    try:
        rich = decompress(data) if data else b""
    except Exception:  # damaged data make it fail in ways it does not name
        return ""
    return read_rich_text(rich, bounds).text if rich.startswith(b"{\\rtf") else ""
