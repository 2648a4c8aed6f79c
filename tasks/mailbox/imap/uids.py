"""How IMAP tells mails apart, and days: UIDVALIDITY and UIDNEXT of a folder, dates in searches."""

from __future__ import annotations

from datetime import date

from imap_tools import BaseMailBox

from tasks.errors import SourceError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_uidvalidity(mailbox: BaseMailBox) -> int:
    """Return the UIDVALIDITY of the folder just selected; to be asked once, as imaplib forgets it then."""
    _, told = mailbox.client.response("UIDVALIDITY")
    if not told or not told[0]:
        raise SourceError("the mail server tells no UIDVALIDITY, so its mails can't be told apart (RFC 9051, 2.3.1.1)")
    return int(told[0])


def read_uidnext(mailbox: BaseMailBox) -> int:
    """Return the UID that the next mail will have in the folder just selected; 0 where the server does not tell it.

    Ask only once.
    """
    _, told = mailbox.client.response("UIDNEXT")
    return int(told[0]) if told and told[0] else 0


def imap_date(day: date) -> str:
    """Return the day as IMAP writes it, whatever the system's language (RFC 9051, `date`)."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"
