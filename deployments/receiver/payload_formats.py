"""The formats that `/webhooks/mail` accepts: a raw mail, rows of a table, or a mail provider's inbound format.

- SendGrid Inbound Parse: https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
- Mailgun routes: https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store
- Postmark inbound: https://postmarkapp.com/developer/user-guide/inbound/parse-an-email
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Base64Bytes, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from deployments.receiver.mime import Attached, compose

RAW_TYPES = ("message/rfc822", "message/global", "application/octet-stream", "text/plain")
FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")


class BadPayload(Exception):
    """The post has none of the formats. The message says what is missing and never quotes the post."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoolable:
    """A file for the inbox: its bytes, its type, its number of mails, and its sender's name for it."""

    raw: bytes
    suffix: str
    mails: int = 1
    stem: str = ""
    """Only letters, digits, `_`, `.` and `-`; goes into the file's name, and so into the mail's id."""


def _text_of(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text_of)]


class MailRow(BaseModel):
    """A mail as a row of a table."""

    model_config = ConfigDict(extra="ignore")

    id: Text = Field("", max_length=500, description="Yours; one is made up when it is empty.")
    content: str = Field(description="The mail's text.")
    sender: Text = Field("", max_length=2_000)
    subject: Text = Field("", max_length=10_000)
    target_language: Text = Field("", max_length=60, description="As people write it; empty is the default language.")


class _PostmarkHeader(BaseModel):
    Name: str
    Value: Text = ""


class _PostmarkAttachment(BaseModel):
    Name: Text = ""
    ContentType: Text = ""
    Content: Base64Bytes = b""


class _PostmarkPerson(BaseModel):
    Email: Text = ""
    Name: Text = ""


class PostmarkMail(BaseModel):
    """The fields of Postmark's inbound JSON that are used. `RawEmail` is sent only if it is enabled at Postmark."""

    FromFull: _PostmarkPerson
    To: Text = ""
    Cc: Text = ""
    Subject: Text = ""
    Date: Text = ""
    ReplyTo: Text = ""
    TextBody: Text = ""
    HtmlBody: Text = ""
    RawEmail: Text = ""
    Headers: list[_PostmarkHeader] = []
    Attachments: list[_PostmarkAttachment] = []


_ROWS = TypeAdapter(Annotated[list[MailRow], Field(min_length=1, max_length=10_000)])


def read_raw(body: bytes) -> Spoolable:
    """The post's body as a raw mail.

    Raises:
        BadPayload: The body is empty.
    """
    if not body.strip():
        raise BadPayload("the body is empty; post the mail's bytes")
    return Spoolable(raw=body, suffix=".eml")


def read_json(body: bytes) -> Spoolable:
    """One row, a list of rows, or Postmark's inbound JSON.

    Raises:
        BadPayload: It is none of these.
    """
    try:
        value = from_json(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload("the body is not JSON") from error
    try:
        if isinstance(value, dict) and "FromFull" in value:
            return _from_postmark(PostmarkMail.model_validate(value))
        return _from_rows(_ROWS.validate_python(value if isinstance(value, list) else [value]))
    except ValidationError as error:
        raise BadPayload(_faults(error)) from error


def _from_rows(rows: list[MailRow]) -> Spoolable:
    lines = [json.dumps({**row.model_dump(), "id": row.id or f"row-{number}"}) for number, row in enumerate(rows, 1)]
    return Spoolable(raw=("\n".join(lines) + "\n").encode(), suffix=".jsonl", mails=len(rows))


def _from_postmark(mail: PostmarkMail) -> Spoolable:
    if mail.RawEmail:
        return Spoolable(raw=mail.RawEmail.encode("utf-8", "replace"), suffix=".eml")
    name = mail.FromFull.Name.replace("\\", "").replace('"', "")
    sender = f'"{name}" <{mail.FromFull.Email}>' if name else mail.FromFull.Email
    told = {"From": sender, "To": mail.To, "Cc": mail.Cc, "Subject": mail.Subject, "Date": mail.Date,
            "Reply-To": mail.ReplyTo}  # fmt: skip
    headers = _headers([(header.Name, header.Value) for header in mail.Headers], told)
    attachments = [
        Attached(name=one.Name, content_type=one.ContentType, content=one.Content) for one in mail.Attachments
    ]
    return Spoolable(raw=compose(headers, mail.TextBody, mail.HtmlBody, attachments), suffix=".eml")


def read_form_payload(fields: Mapping[str, str], files: Sequence[Attached], body: bytes) -> Spoolable:
    """SendGrid's or Mailgun's form, with a raw mail or its fields. `body` is the whole post, for a raw mail's bytes.

    Raises:
        BadPayload: The form has neither provider's fields.
    """
    raw = fields.get("email") or fields.get("body-mime")
    if raw:
        return Spoolable(raw=_bytes_as_posted(raw, body), suffix=".eml")
    if "message-headers" in fields or "body-plain" in fields or "body-html" in fields:
        return _from_mailgun(fields, files)
    if "headers" in fields or "text" in fields or "html" in fields:
        return _from_sendgrid(fields, files)
    raise BadPayload("the form has neither SendGrid's fields (email, or headers, text, html) nor Mailgun's (body-mime, "
                   "or message-headers, body-plain, body-html)")  # fmt: skip


def _from_mailgun(fields: Mapping[str, str], files: Sequence[Attached]) -> Spoolable:
    try:
        pairs = TypeAdapter(list[tuple[str, str]]).validate_json(fields.get("message-headers", "[]"))
    except ValidationError as error:
        raise BadPayload("message-headers is not a JSON list of name and value") from error
    told = {"From": fields.get("from") or fields.get("sender", ""), "To": fields.get("To", fields.get("recipient", "")),
            "Subject": fields.get("subject", "")}  # fmt: skip
    mail = compose(_headers(pairs, told), fields.get("body-plain"), fields.get("body-html"), files)
    return Spoolable(raw=mail, suffix=".eml")


def _from_sendgrid(fields: Mapping[str, str], files: Sequence[Attached]) -> Spoolable:
    charsets = _charsets(fields.get("charsets", ""))
    said = {name: _recode(value, charsets.get(name, "utf-8")) for name, value in fields.items()}
    lines = said.get("headers", "").replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    pairs = [(name.strip(), value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]
    told = {"From": said.get("from", ""), "To": said.get("to", ""), "Subject": said.get("subject", "")}
    return Spoolable(raw=compose(_headers(pairs, told), said.get("text"), said.get("html"), files), suffix=".eml")


def _headers(pairs: Sequence[tuple[str, str]], told: Mapping[str, str]) -> list[tuple[str, str]]:
    """The mail's header fields, and the provider's values for those that it left out."""
    present = {name.lower() for name, _ in pairs}
    return [*pairs, *((name, value) for name, value in told.items() if value and name.lower() not in present)]


def _charsets(text: str) -> dict[str, str]:
    try:
        return TypeAdapter(dict[str, str]).validate_json(text)
    except ValidationError:
        return {}


def _recode(value: str, charset: str) -> str:
    """The field in the charset that SendGrid names. The form parser decoded it as UTF-8, or else as Latin-1."""
    if charset.lower() in ("utf-8", "utf8", "us-ascii"):
        return value
    try:
        return value.encode("latin-1").decode(charset, "replace")
    except (UnicodeEncodeError, LookupError):
        return value


def _bytes_as_posted(value: str, body: bytes) -> bytes:
    """The field's original bytes. The form parser decoded them as UTF-8, or else as Latin-1."""
    as_utf8 = value.encode("utf-8", "replace")
    return as_utf8 if as_utf8 in body else value.encode("latin-1", "replace")


def _faults(error: ValidationError) -> str:
    found = [f"`{'.'.join(str(step) for step in fault['loc'])}`: {fault['msg']}" for fault in error.errors()[:5]]
    return "the JSON is neither mail rows (id, content, sender, subject, target_language) nor Postmark's: " + "; ".join(
        found
    )
