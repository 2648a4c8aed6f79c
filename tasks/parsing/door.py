"""The one door: bytes in, a Mail out, never an exception on content."""

import hashlib

from tasks.parsing.limits import Limits
from tasks.parsing.mail import Mail


def read_mail(raw: bytes, limits: Limits = Limits()) -> Mail:
    """Return the mail that `raw` holds; what cannot be read is named in `parse_defects`, never raised."""
    return unreadable(raw, "not read")


def unreadable(raw: bytes, reason: str) -> Mail:
    """Return a mail of which only its bytes are known."""
    return Mail(
        message_key=hashlib.sha256(raw).hexdigest(),
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
