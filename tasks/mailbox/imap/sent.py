"""The mails in a mailbox's folder of sent mail that were not read yet: what we wrote, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tasks.errors import SourceUnavailable
from tasks.mailbox.imap.connection import LOST, REFUSED, connected
from tasks.mailbox.imap.folders import find_folder
from tasks.mailbox.imap.pages import fetch_mails
from tasks.mailbox.imap.refusals import words_of
from tasks.mailbox.imap.uids import imap_date, read_uidvalidity
from tasks.mailbox.raw import Origin, RawMail

if TYPE_CHECKING:
    from tasks.mailbox.imap.block import Mailbox
    from tasks.mailbox.kinds import SinceUid

_FIRST_DAYS = 30
_MOST = 500  # of the newest; a conversation that goes on names the ids of the older ones itself


def read_sent(block_name: str, block: Mailbox, since_uid: SinceUid) -> Iterator[RawMail]:
    """Give the sent mails above the UID on record, at first those of thirty days; none where there is no such folder.

    Raises:
        SourceError: The server can't be reached, refuses the login, or does not let the folder be opened.
        SourceUnavailable: The server refuses for now.
    """
    try:
        yield from _read(f"imap-sent:{block_name}", block, since_uid)
    except (*LOST, *REFUSED) as error:
        raise SourceUnavailable(
            f"`{block.host}` does not give the sent mail of `{block.user}`: {words_of(error)}"
        ) from error


def _read(source: str, block: Mailbox, since_uid: SinceUid) -> Iterator[RawMail]:
    with connected(block, readonly=True) as mailbox:
        folder = find_folder(mailbox, block.sent_folder, "Sent")
        if folder is None:
            return
        mailbox.folder.set(folder, readonly=True)
        uidvalidity = read_uidvalidity(mailbox)
        above = since_uid(source, folder, uidvalidity)
        since = imap_date(datetime.now(UTC).date() - timedelta(days=_FIRST_DAYS))
        wanted = f"UID {above + 1}:*" if above else f"SINCE {since}"
        found = sorted(uid for uid in map(int, mailbox.uids(wanted, charset=None)) if uid > above)[-_MOST:]
        for mail in fetch_mails(mailbox, found):
            origin = Origin(source=source, mailbox=folder, uidvalidity=uidvalidity, uid=mail.uid)
            yield RawMail(raw=mail.raw, source_id=str(mail.uid), origin=origin, problem=mail.problem)
