"""Takes a mail apart, and puts its pieces together: its text, its attachments, its defects, its key."""

from dataclasses import dataclass, replace
from hashlib import sha256

from tasks.parsing.attachments import AttachedFiles, read_attachments
from tasks.parsing.bodies import gather
from tasks.parsing.dates import ReadDate, read_date
from tasks.parsing.fields import Fields
from tasks.parsing.forwards import Thread, as_text, read_thread
from tasks.parsing.headers import decode_text
from tasks.parsing.identity import message_key, raw_key, unix_lines
from tasks.parsing.kinds import is_bounce
from tasks.parsing.limits import Limits
from tasks.parsing.mail import Attachment, BodySource
from tasks.parsing.mail_context import MailContext, context_of
from tasks.parsing.mail_parts import MailParts, TextBudget
from tasks.parsing.senders import sender_defects, sender_of
from tasks.parsing.sniffing import CALENDAR
from tasks.parsing.texts import Text, join, read_bodies
from tasks.parsing.tree import grow

MAX_DEFECTS = 50
IS_THE_TEXT = "it is this mail's text"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedMail:
    """The pieces of one mail; `past_bound` names the bound at which reading stopped, empty where none was met."""

    fields: Fields
    sender: tuple[str, str]
    """Name and address."""
    subject: str
    date: ReadDate
    found: MailParts
    thread: Thread
    text: Text
    attached: AttachedFiles
    past_bound: str

    @property
    def parts(self) -> list[MailParts]:
        """What was found in the mail and in the mails inside it."""
        return [self.found, *self.thread.parts]

    @property
    def encrypted(self) -> bool:
        return self.found.encrypted or self.text.encrypted


def parse_mail(raw: bytes, limits: Limits) -> ParsedMail:
    """Return the pieces of the mail that `raw` holds."""
    root, past_bound = grow(raw, limits)
    budget = TextBudget(text_bytes=4 * limits.text_chars, outlook_s=limits.document_s)
    found = gather(root, limits, budget)
    thread = read_thread(found.nested, limits, budget)
    fields = Fields(root, limits)
    sender, subject = sender_of(fields), decode_text(fields.first("subject"))
    text = read_bodies(found.bodies, limits, context_of_fields(fields, found.types, sender, subject))
    attached = read_attachments([found, *thread.parts], bool(text.new), limits)
    if found.too_deep and not past_bound:
        past_bound = f"nested deeper than {limits.depth} levels"
    return ParsedMail(
        fields=fields, sender=sender, subject=subject, date=read_date(fields.first("date")), found=found, thread=thread,
        text=text, attached=attached, past_bound=past_bound,
    )  # fmt: skip


def context_of_fields(fields: Fields, types: set[str], sender: tuple[str, str], subject: str) -> MailContext:
    """Return what the header says about the body.

    `types` are the media types of its parts. `sender` is a name and an address.
    """
    name, address = sender
    if is_bounce(fields.first, types, address, subject):
        # The mail it returns is its content, and programs write no signatures.
        return MailContext(purpose="forward", sender=address, sender_name="mailer-daemon")
    return context_of(
        subject,
        refers=bool(fields.first("in-reply-to") or fields.first("references")),
        sender=address,
        sender_name=name,
        recipients=" ".join([*fields.all("to"), *fields.all("cc")]),
    )


def holds_nothing(parsed: ParsedMail) -> bool:
    """Return whether there is neither a header nor a part in it."""
    return not (parsed.fields or parsed.found.sources or parsed.attached.attachments)


def choose_body(parsed: ParsedMail) -> tuple[str, BodySource]:
    """Return what stands for the mail's text, and what it was made from: the body, or the next best part."""
    if parsed.text.new:
        return parsed.text.new, "html" if parsed.text.html else "text"
    if parsed.attached.letter:
        return parsed.attached.letter, "tnef"
    calendar = join(one.text or "" for one in parsed.attached.attachments if one.media_type == CALENDAR)
    if calendar:
        return calendar, "calendar"
    if report := join(parsed.found.reports):
        return report, "report"
    if parsed.thread.mails:
        return join(as_text(mail) for mail in parsed.thread.mails), "forwarded"
    return "", "none"


def attachments_of(parsed: ParsedMail, source: BodySource) -> tuple[Attachment, ...]:
    """Return the reports of a bounce or a receipt, then the files; what became the text is not sent a second time."""
    reports = [as_attachment(report, source) for report in parsed.found.reports if report]
    return (*reports, *(beside(one, source) for one in parsed.attached.attachments))


def as_attachment(report: str, source: BodySource) -> Attachment:
    content = report.encode()
    return Attachment(
        name="",
        media_type="message/delivery-status",
        declared_type="message/delivery-status",
        size_bytes=len(content),
        sha256=sha256(content).hexdigest(),
        fate="listed" if source == "report" else "text",
        reason=IS_THE_TEXT if source == "report" else "",
        text=report,
    )


def beside(one: Attachment, source: BodySource) -> Attachment:
    if source == "calendar" and one.media_type == CALENDAR and one.text:
        return replace(one, fate="listed", reason=IS_THE_TEXT)
    return one


def defects_of(parsed: ParsedMail) -> tuple[str, ...]:
    """Return what was wrong with the bytes, each once, the worst first."""
    defects = [parsed.past_bound] if parsed.past_bound else []
    defects += ["not all header fields were read"] if parsed.fields.cut else []
    defects += sender_defects(parsed.fields)
    defects += filter(None, [parsed.date.defect])
    defects += [*parsed.found.defects, *parsed.text.defects, *parsed.attached.defects]
    defects += ["charset replaced"] if parsed.text.note.startswith("replaced") else []
    defects += ["not all of the mails inside were read"] if parsed.thread.cut else []
    return tuple(list(dict.fromkeys(defects))[:MAX_DEFECTS])


def why_unreadable(parsed: ParsedMail, body: str, subject: str, attachments: tuple[Attachment, ...]) -> str:
    """Return why a mail must not go on to a model; empty where it may."""
    if parsed.past_bound:
        return parsed.past_bound
    if parsed.encrypted and not body:
        return "encrypted: it opens only with its recipient's key"
    readable = body or subject or any(one.fate in ("text", "media") for one in attachments)
    return "" if readable else "nothing to read: no subject, no text and no attachment that can be read"


def key_of(raw: bytes, parsed: ParsedMail, *, message_id: str, sender: str, subject: str, date: str) -> str:
    """Return the mail's key: of what its author wrote, or of its bytes where that is nothing at all."""
    # How much was read of a mail past its bounds depends on its transport headers, so none of that may count.
    bodies: list[str] = []
    files: list[str] = []
    names: list[str] = []
    inner: list[str] = []
    if not parsed.past_bound:
        bodies = [text for part in parsed.parts for text in (*part.sources, *part.reports)]
        files = parsed.attached.hashes
        names = [one.name for one in parsed.attached.attachments]
        inner = [f"{mail.sender} {mail.subject} {mail.date or ''}" for mail in parsed.thread.mails]
    if not (message_id or sender or subject or date or files or any(map(str.strip, bodies))):
        return raw_key(raw)
    if parsed.past_bound or parsed.thread.cut or any("text cut" in part.defects for part in parsed.parts):
        files = [*files, rest_of(raw)]
    return message_key(
        message_id=message_id,
        sender=sender,
        subject=subject,
        date=date,
        bodies=bodies,
        attachments=files,
        names=names,
        inner=inner,
    )


def rest_of(raw: bytes) -> str:
    """Return the SHA-256, hex, of all below the header: it tells apart mails that were not read to their end."""
    return sha256(unix_lines(raw).partition(b"\n\n")[2].strip()).hexdigest()
