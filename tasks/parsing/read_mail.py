"""Reads a mail: bytes in, a `Mail` out, never an exception because of the content."""

from tasks.parsing.documents.found import NotOpened
from tasks.parsing.headers import decode_text, read_ids
from tasks.parsing.identity import raw_key
from tasks.parsing.kinds import kind_of
from tasks.parsing.languages import detect_language
from tasks.parsing.likeness import likeness
from tasks.parsing.limits import Limits
from tasks.parsing.mail import Mail
from tasks.parsing.outlook_files import SAVE_AS, is_compound_file, outlook_mail
from tasks.parsing.parsed_mail import (
    attachments_of,
    choose_body,
    defects_of,
    holds_nothing,
    key_of,
    parse_mail,
    why_unreadable,
)
from tasks.parsing.senders import addresses
from tasks.parsing.sniffing import CALENDAR


def read_mail(raw: bytes, limits: Limits = Limits()) -> Mail:
    """Return the mail that `raw` holds; what cannot be read is named in `parse_defects`, never raised."""
    try:
        return assemble(raw, limits)
    except Exception as failure:  # whatever a library finds in such bytes, the mail is still a row
        return unreadable(raw, f"the reader failed ({type(failure).__name__})")


def assemble(raw: bytes, limits: Limits) -> Mail:
    """Return the mail that `raw` holds."""
    if is_compound_file(raw):
        try:
            raw, _ = outlook_mail(raw, limits, limits.document_s)
        except NotOpened as reason:
            return unreadable(raw, f"a file of Outlook or Office that is not read ({reason}): {SAVE_AS}")
    parsed = parse_mail(raw, limits)
    if holds_nothing(parsed):
        return unreadable(raw, "these bytes hold no mail")
    fields, text = parsed.fields, parsed.text
    name, address = parsed.sender
    subject = parsed.subject
    date = parsed.date.moment
    when = date.isoformat() if date else decode_text(fields.first("date"))
    message_id = next(iter(read_ids(fields.all("message-id"))), None)
    body, source = choose_body(parsed)
    attachments = attachments_of(parsed, source)
    calendar = any(one.media_type == CALENDAR for one in attachments)
    return Mail(
        message_key=key_of(raw, parsed, message_id=message_id or "", sender=address, subject=subject, date=when),
        likeness=likeness(message_id=message_id or "", date=date, subject=subject, text=body),
        message_id=message_id,
        in_reply_to=next(iter(read_ids(fields.all("in-reply-to"))), None),
        references=read_ids(fields.all("references")),
        sender_name=name,
        sender_address=address,
        reply_to=next(iter(addresses(fields, "reply-to")), ""),
        to=addresses(fields, "to"),
        cc=addresses(fields, "cc"),
        subject=subject,
        date=date,
        kind=kind_of(fields.first, parsed.found.types, address, subject, calendar),
        text=body,
        quoted=text.quoted,
        signature=text.signature,
        hidden_text=text.hidden,
        doubts=text.doubts,
        language=detect_language(body or subject),
        encrypted=parsed.encrypted,
        signed=parsed.found.signed or text.signed,
        list_unsubscribe=bool(fields.first("list-unsubscribe")),
        attachments=attachments,
        thread=tuple(parsed.thread.mails),
        parse_defects=defects_of(parsed),
        quarantine=why_unreadable(parsed, body, subject, attachments),
        body_source=source,
        charset_note=text.note,
        source_id=decode_text(fields.first("x-mailroom-id")) or None,
        target_language=decode_text(fields.first("x-mailroom-target-language")) or None,
    )


def unreadable(raw: bytes, reason: str) -> Mail:
    """Return a mail of which only its bytes are known."""
    return Mail(
        message_key=raw_key(raw),
        likeness="",
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
        doubts=(),
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
