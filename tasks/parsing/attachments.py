"""Decides what becomes of each part that is not the body: text for a model, a media part, or a line with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from tasks.parsing import sniffing
from tasks.parsing.charsets import decode
from tasks.parsing.documents.found import Bounds, DocumentContent, DocumentLost, NotOpened
from tasks.parsing.html_text import read_html
from tasks.parsing.limits import Limits
from tasks.parsing.mail import Attachment, Fate
from tasks.parsing.mail_parts import Loose, MailParts
from tasks.parsing.sniffing import media_type_of

READERS = {
    sniffing.PDF: "pdf",
    sniffing.DOCX: "word",
    sniffing.XLSX: "sheets",
    sniffing.PPTX: "slides",
    **dict.fromkeys(sniffing.OPEN_DOCUMENTS, "open_document"),
    sniffing.RTF: "rich_text",
    sniffing.CALENDAR: "calendars",
    sniffing.TNEF: "tnef",
    "application/zip": "archives",
    "application/gzip": "archives",
    "application/x-tar": "archives",
    "application/x-bzip2": "archives",
    "application/x-xz": "archives",
}
PICTURES = {f"image/{name}" for name in ("png", "jpeg", "gif", "webp", "bmp", "tiff", "heic", "heif", "avif")}
# An inline picture smaller than this is a logo, a button or a tracking pixel; a model would be paid for it.
DECORATION_BYTES = 10_000
WORDS = {
    sniffing.OLE: "an Office format older than 2007, which is not opened",
    sniffing.OCTETS: "of a kind that is not known",
    "application/x-msdownload": "a program",
    "application/x-executable": "a program",
    "image/svg+xml": "a drawing, which is not read",
    "application/pgp-signature": "a signature",
}


@dataclass(kw_only=True, slots=True)
class AttachedFiles:
    """The attachments of a mail, in its order; `hashes` are those that count for the mail's identity."""

    attachments: list[Attachment] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    letter: str = ""
    """The text of a mail that Outlook packed into `winmail.dat`."""
    defects: list[str] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Budget:
    """What is left for all attachments of one mail."""

    seconds: float
    text_chars: int
    media_bytes: int


def read_attachments(parts: Iterable[MailParts], has_words: bool, limits: Limits) -> AttachedFiles:
    """Return every attachment with its fate; where the mail has no words, no picture in it is decoration."""
    attached = AttachedFiles()
    loose = [one for gathered in parts for one in gathered.loose]
    if loose:
        budget = Budget(seconds=limits.document_s, text_chars=limits.text_chars, media_bytes=limits.media_bytes)
        for one in loose:
            one.inline = one.inline and has_words
            attached.hashes.append(take(one, attached, budget, limits))
    return attached


def take(loose: Loose, attached: AttachedFiles, budget: Budget, limits: Limits) -> str:
    """Add one part with its fate, and the files inside it; return its hash for the mail's identity."""
    digest = sha256(loose.data).hexdigest()
    media_type = media_type_of(loose.data, loose.declared_type, loose.name)
    fate = Fated(loose, media_type, limits, budget)
    if len(attached.attachments) >= limits.attachments:
        fate.refuse(f"more than {limits.attachments} attachments")
    elif any(digest == other.sha256 for other in attached.attachments) and loose.data:
        fate.refuse("a copy of another attachment of this mail")
    else:
        fate.decide()
    attached.attachments.append(
        Attachment(
            name=loose.name,
            media_type=media_type,
            declared_type=loose.declared_type,
            size_bytes=len(loose.data),
            sha256=digest,
            fate=fate.fate,
            reason=fate.reason,
            text=fate.text,
            data=fate.data,
        )
    )
    attached.defects += [f"attachment `{loose.name[:60]}`: {note}" for note in fate.notes]
    attached.letter = attached.letter or fate.letter
    for name, data in fate.files:
        take(Loose(name=name, declared_type="", data=data), attached, budget, limits)
    return line_end_hash(loose.data, digest)


def line_end_hash(data: bytes, digest: str) -> str:
    """Return a hash that is the same for CRLF and LF: text that was sent uncoded changes them on its way."""
    return sha256(data.replace(b"\r\n", b"\n")).hexdigest() if b"\r\n" in data else digest


class Fated:
    """One part on its way to its fate."""

    def __init__(self, loose: Loose, media_type: str, limits: Limits, budget: Budget) -> None:
        self.loose, self.media_type, self.limits, self.budget = loose, media_type, limits, budget
        self.fate: Fate = "listed"
        self.reason = ""
        self.text: str | None = None
        self.data: bytes | None = None
        self.letter = ""
        self.files: list[tuple[str, bytes]] = []
        self.notes: list[str] = []

    def decide(self) -> None:
        """Find the fate."""
        kind = self.media_type.partition("/")[0]
        if self.loose.reason:
            self.refuse(self.loose.reason)
        elif self.media_type == "application/pgp-encrypted":
            self.refuse("encrypted")
        elif not self.loose.data:
            self.refuse("empty")
        elif self.media_type in READERS:
            self.open()
        elif self.media_type in PICTURES or kind in ("audio", "video"):
            self.keep()
        elif kind == "text" or self.media_type in sniffing.TEXT_TYPES:
            self.read()
        elif self.media_type == sniffing.OLE and "EncryptedPackage".encode("utf-16-le") in self.loose.data:
            self.refuse("locked with a password")
        else:
            self.reason = WORDS.get(self.media_type, f"{self.media_type} is not opened")

    def refuse(self, reason: str) -> None:
        """Leave it out, for a reason."""
        self.fate, self.reason = "skipped", reason

    def read(self) -> None:
        """Take plain text or HTML."""
        data, most = self.loose.data, self.room()
        if not most:
            self.refuse("the attachments of this mail have more text than is read")
            return
        text = decode(data[: 4 * most], self.loose.charset).text.replace("\x00", "")
        if self.media_type == "text/html":
            self.take_html(text)
        else:
            self.take_text(text.replace("\r\n", "\n"))

    def take_html(self, html: str) -> None:
        page = read_html(html, self.limits)
        if page.hidden:
            self.notes.append(f"{len(page.hidden)} hidden characters left out")
        self.take_text(page.text)

    def take_text(self, text: str) -> None:
        most = self.room()
        if len(text) > most:
            self.notes.append("text cut")
        self.text = text[:most].strip()
        self.budget.text_chars -= len(self.text)
        self.fate = "text" if self.text else "skipped"
        self.reason = "" if self.text else "no text in it"

    def room(self) -> int:
        return max(0, min(self.limits.attachment_text_chars, self.budget.text_chars))

    def keep(self) -> None:
        """Keep the bytes for a model that takes them."""
        size = len(self.loose.data)
        if self.loose.inline and size < DECORATION_BYTES:
            self.reason = "a small picture inside the text: a logo or a tracking pixel"
        elif size > self.budget.media_bytes:
            self.refuse(f"with it, more than {self.limits.media_bytes:,} bytes of media in one mail")
        else:
            self.budget.media_bytes -= size
            self.fate, self.data = "media", self.loose.data

    def open(self) -> None:
        """Have a library open it."""
        if len(self.loose.data) > self.limits.document_bytes:
            self.refuse(f"more than the {self.limits.document_bytes:,} bytes of a document that is opened")
            return
        try:
            found = self.found()
        except NotOpened as reason:
            self.refuse(str(reason))
            return
        self.notes += found.notes
        self.files = found.files
        if self.media_type == sniffing.TNEF:
            self.take_letter(found)
        elif found.listing:
            self.text, self.reason = found.text, "an archive, which is not unpacked"
        elif found.text or self.media_type != sniffing.PDF:
            self.take_text(found.text)
        if self.media_type == sniffing.PDF:
            self.keep_pages()

    def found(self) -> DocumentContent:
        from tasks.parsing.documents.pool import open_document

        if self.budget.seconds <= 0:
            raise NotOpened(f"the documents of this mail take more than {self.limits.document_s:g} s")
        bounds = Bounds(
            chars=max(1, self.room()),
            pages=self.limits.document_pages,
            unpacked_bytes=self.limits.unpacked_bytes,
            entries=self.limits.archive_entries,
            seconds=self.budget.seconds,
        )
        try:
            found, cpu_s = open_document(READERS[self.media_type], self.loose.data, bounds)
        except DocumentLost:
            self.budget.seconds = 0
            raise
        self.budget.seconds -= cpu_s
        return found

    def take_letter(self, found: DocumentContent) -> None:
        """Take the mail that Outlook packed; its files get fates of their own."""
        text = found.text
        if found.html:
            text = read_html(text, self.limits).text
        self.letter = text.strip()
        self.reason = "opened: its text and files are this mail's"

    def keep_pages(self) -> None:
        """Keep a PDF beside its text; one without any is pictures of pages, for models that see."""
        had_text = self.fate == "text"
        if len(self.loose.data) <= self.budget.media_bytes:
            self.budget.media_bytes -= len(self.loose.data)
            self.data = self.loose.data
            self.fate = "text" if had_text else "media"
        elif not had_text:
            self.refuse("pictures of pages, and more bytes than one mail may send")
