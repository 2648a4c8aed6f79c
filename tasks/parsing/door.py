"""The one door: bytes in, a Mail out, never an exception on content."""

from dataclasses import replace
from hashlib import sha256

from tasks.parsing.attachments import Attached, read_attachments
from tasks.parsing.bodies import gather
from tasks.parsing.fields import Fields
from tasks.parsing.forwards import Thread, as_text, read_thread
from tasks.parsing.gathered import Gathered, Room
from tasks.parsing.headers import decode_text, read_addresses, read_date, read_ids
from tasks.parsing.identity import message_key, raw_key, unix_lines
from tasks.parsing.kinds import kind_of
from tasks.parsing.languages import detect_language
from tasks.parsing.limits import Limits
from tasks.parsing.mail import Attachment, BodySource, Mail
from tasks.parsing.sniffing import CALENDAR
from tasks.parsing.texts import Text, join, read_bodies
from tasks.parsing.tree import grow

MAX_DEFECTS = 50
IS_THE_TEXT = "it is this mail's text"


def read_mail(raw: bytes, limits: Limits = Limits()) -> Mail:
    """Return the mail that `raw` holds; what cannot be read is named in `parse_defects`, never raised."""
    try:
        return assemble(raw, limits)
    except Exception as failure:  # whatever a library finds in such bytes, the mail is still a row
        return unreadable(raw, f"the reader failed ({type(failure).__name__})")


def assemble(raw: bytes, limits: Limits) -> Mail:
    """Return the mail that `raw` holds."""
    root, past_bound = grow(raw, limits)
    fields = Fields(root, limits)
    room = Room(text_bytes=4 * limits.text_chars)
    found = gather(root, limits, room)
    thread = read_thread(found.nested, limits, room)
    text = read_bodies(found.bodies, limits)
    everything = [found, *thread.parts]
    attached = read_attachments(everything, bool(text.new), limits)
    if found.too_deep and not past_bound:
        past_bound = f"nested deeper than {limits.depth} levels"
    if not (fields or found.sources or attached.attachments):
        return unreadable(raw, "these bytes hold no mail")

    senders = read_addresses(fields.all("from")) or read_addresses(fields.all("sender"))
    sender_name, sender_address = senders[0] if senders else ("", "")
    subject = decode_text(fields.first("subject"))
    date = read_date(fields.first("date"))
    ids = read_ids(fields.all("message-id"))
    body, source = choose_body(text, found, thread, attached)
    attachments = (*reports_of(found, source), *(fate_beside(one, source) for one in attached.attachments))
    calendar = any(one.media_type == CALENDAR for one in attachments)
    cut = thread.cut or any("text cut" in one.defects for one in everything)
    # How much was read of a mail past its bounds depends on its transport headers, so none of that may count.
    written = [] if past_bound else [part for one in everything for part in (*one.sources, *one.reports)]
    files = [] if past_bound else attached.hashes
    encrypted = found.encrypted or text.encrypted
    # Of a mail that says nothing at all only its bytes tell it from others of the kind.
    nameless = not (ids or date or sender_address or subject or files or any(map(str.strip, written)))
    return Mail(
        message_key=raw_key(raw)
        if nameless
        else message_key(
            message_id=ids[0] if ids else "",
            sender=sender_address,
            subject=subject,
            date=date.isoformat() if date else decode_text(fields.first("date")),
            bodies=written,
            attachments=[*files, rest_of(raw)] if past_bound or cut else files,
        ),
        message_id=ids[0] if ids else None,
        in_reply_to=next(iter(read_ids(fields.all("in-reply-to"))), None),
        references=read_ids(fields.all("references")),
        sender_name=sender_name,
        sender_address=sender_address,
        reply_to=next((address for _, address in read_addresses(fields.all("reply-to"))), ""),
        to=addresses(fields, "to"),
        cc=addresses(fields, "cc"),
        subject=subject,
        date=date,
        kind=kind_of(fields.first, found.types, sender_address, subject, calendar),
        text=body,
        quoted=text.quoted,
        signature=text.signature,
        hidden_text=text.hidden,
        language=detect_language(body or subject),
        encrypted=encrypted,
        signed=found.signed or text.signed,
        list_unsubscribe=bool(fields.first("list-unsubscribe")),
        attachments=attachments,
        thread=tuple(thread.mails),
        parse_defects=defects_of(past_bound, fields, found, text, thread, attached),
        quarantine=past_bound or why_unreadable(encrypted, body, subject, attachments),
        body_source=source,
        charset_note=text.note,
        source_id=decode_text(fields.first("x-mailroom-id")) or None,
        target_language=decode_text(fields.first("x-mailroom-target-language")) or None,
    )


def choose_body(text: Text, found: Gathered, thread: Thread, attached: Attached) -> tuple[str, BodySource]:
    """Return what stands for the mail's text, and what it was made from: the body, or the next best part."""
    if text.new:
        return text.new, "html" if text.html else "text"
    if attached.letter:
        return attached.letter, "tnef"
    calendar = join(one.text or "" for one in attached.attachments if one.media_type == CALENDAR)
    if calendar:
        return calendar, "calendar"
    if found.reports and (report := join(found.reports)):
        return report, "report"
    if thread.mails:
        return join(as_text(mail) for mail in thread.mails), "forwarded"
    return "", "none"


def fate_beside(one: Attachment, source: BodySource) -> Attachment:
    """Return an attachment; a calendar that became the mail's text is not sent a second time."""
    if source == "calendar" and one.media_type == CALENDAR and one.text:
        return replace(one, fate="listed", reason=IS_THE_TEXT)
    return one


def reports_of(found: Gathered, source: BodySource) -> list[Attachment]:
    """Return the machine-readable parts of a bounce or a receipt as attachments."""
    return [
        Attachment(
            name="",
            media_type="message/delivery-status",
            declared_type="message/delivery-status",
            size_bytes=len(report.encode()),
            sha256=sha256(report.encode()).hexdigest(),
            fate="listed" if source == "report" else "text",
            reason=IS_THE_TEXT if source == "report" else "",
            text=report,
        )
        for report in found.reports
        if report
    ]


def addresses(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(address for _, address in read_addresses(fields.all(name)) if address)


def defects_of(
    past_bound: str, fields: Fields, found: Gathered, text: Text, thread: Thread, attached: Attached
) -> tuple[str, ...]:
    """Return what was wrong with the bytes, each once, the worst first."""
    defects = [past_bound] if past_bound else []
    defects += ["not all header fields were read"] if fields.cut else []
    defects += [*found.defects, *text.defects, *attached.defects]
    defects += ["charset replaced"] if text.note.startswith("replaced") else []
    defects += ["not all of the mails inside were read"] if thread.cut else []
    return tuple(list(dict.fromkeys(defects))[:MAX_DEFECTS])


def why_unreadable(encrypted: bool, body: str, subject: str, attachments: tuple[Attachment, ...]) -> str:
    """Return why a mail must not go on to a model; empty where it may."""
    if encrypted and not body:
        return "encrypted: it opens only with its recipient's key"
    readable = body or subject or any(one.fate in ("text", "media") for one in attachments)
    return "" if readable else "nothing to read: no subject, no text and no attachment that can be read"


def rest_of(raw: bytes) -> str:
    """Return the SHA-256, hex, of all below the header: it tells apart mails that were not read to their end."""
    return sha256(unix_lines(raw).partition(b"\n\n")[2].strip()).hexdigest()


def unreadable(raw: bytes, reason: str) -> Mail:
    """Return a mail of which only its bytes are known."""
    return Mail(
        message_key=raw_key(raw),
        message_id=None,
        in_reply_to=None,
        references=(),
        sender_name="",
        sender_address="",
        reply_to="",
        to=(),
        cc=(),
        subject="",
        date=None,
        kind="mail",
        text="",
        quoted="",
        signature="",
        hidden_text="",
        language=None,
        encrypted=False,
        signed=False,
        list_unsubscribe=False,
        attachments=(),
        thread=(),
        parse_defects=(reason,),
        quarantine=reason,
        body_source="none",
        charset_note="",
        source_id=None,
        target_language=None,
    )
