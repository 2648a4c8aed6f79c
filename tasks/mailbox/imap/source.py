"""A folder on a mail server as a source: read upwards by UID, in pages, without leaving a trace on the server."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date

from imap_tools import BaseMailBox

from tasks.errors import SourceError
from tasks.mailbox.imap.address import join_address
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import LOST, REFUSED, connected
from tasks.mailbox.imap.pages import Fetched
from tasks.mailbox.imap.reading import Reading
from tasks.mailbox.kinds import Opening
from tasks.mailbox.raw import Origin, RawMail

log = logging.getLogger("mailroom.imap")

# As IMAP writes them, whatever the system's language (RFC 9051, `date-month`).
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What is wanted of a folder: UIDs, ascending; they mean these mails only under this UIDVALIDITY."""

    uidvalidity: int
    uids: list[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImapSource:
    """The mails above the UID that is on record, as they were listed when the source was opened."""

    name: str
    block: Mailbox
    folder: str
    opening: Opening
    listing: Listing

    def count(self) -> int:
        """Return how many mails were listed; some may be expunged before they are read."""
        return len(self.listing.uids)

    def read(self) -> Iterator[RawMail]:
        """Give what an earlier run left undone, then the listed mails, in the order of their UIDs.

        Raises:
            SourceError: The server is gone and does not come back; what was given is good.
        """
        yield from self.opening.left_over(self.name)
        listing: Listing | None = self.listing
        while listing is not None:
            listing = yield from self._read_listed(listing)

    def _read_listed(self, listing: Listing) -> Generator[RawMail, None, Listing | None]:
        """Give the mails; return what is to be read in their place when the folder was built anew meanwhile."""
        reading = Reading(listing.uids)
        while True:
            try:
                with connected(self.block, self.folder, readonly=True) as mailbox:
                    uidvalidity = read_uidvalidity(mailbox)
                    if uidvalidity != listing.uidvalidity:
                        return self._list_anew(mailbox, uidvalidity)
                    try:
                        for mail in reading.go_on(mailbox):
                            yield self._mail_of(mail, listing.uidvalidity)
                    except LOST:
                        reading.cut_off()
                        raise
                break
            except (*LOST, SourceError) as error:
                self._wait_or_give_up(error, reading)
            except REFUSED as error:
                said = f"refused to go on after UID {reading.done} ({type(error).__name__})"
                raise SourceError(f"`{self.name}` {said}") from error
        if reading.suspects:
            raise SourceError(f"`{self.name}` would not give the mail with UID {reading.suspects[0]}, nor any after it")
        return None

    def _list_anew(self, mailbox: BaseMailBox, uidvalidity: int) -> Listing:
        # What was given before is met again, and known again by what it says.
        log.warning("%s was built anew on the server while it was read; it is read from the start.", self.name)
        above = self.opening.since_uid(self.name, self.folder, uidvalidity)
        return Listing(uidvalidity=uidvalidity, uids=find_uids(mailbox, self.block, above))

    def _wait_or_give_up(self, error: Exception, reading: Reading) -> None:
        if isinstance(error, SourceError) and not isinstance(error.__cause__, LOST):
            raise error
        wait_s = reading.next_wait_s()
        if wait_s is None:
            raise SourceError(f"`{self.name}` broke off after UID {reading.done} and could not be read on") from error
        log.warning(
            "%s was cut off after UID %d; the connection is opened anew in %g s.", self.name, reading.done, wait_s
        )
        time.sleep(wait_s)

    def _mail_of(self, mail: Fetched, uidvalidity: int) -> RawMail:
        return RawMail(
            raw=mail.raw,
            source_id=str(mail.uid),
            origin=Origin(source=self.name, mailbox=self.folder, uidvalidity=uidvalidity, uid=mail.uid),
            size_bytes=mail.size_bytes,
            problem=mail.problem,
        )


def open_folder(block_name: str, block: Mailbox, folder: str, opening: Opening) -> ImapSource:
    """Return the folder as a source; an empty `folder` is the block's own.

    Raises:
        SourceError: The server can't be reached, refuses the login or the search, or has no such folder.
    """
    folder = folder or block.folder
    name = join_address(block_name, folder)
    try:
        with connected(block, folder, readonly=True) as mailbox:
            uidvalidity = read_uidvalidity(mailbox)
            uids = find_uids(mailbox, block, opening.since_uid(name, folder, uidvalidity))
    except LOST as error:
        raise SourceError(f"`{name}` was cut off: {type(error).__name__}") from error
    except REFUSED as error:
        raise SourceError(f"`{name}` refused the search `{block.search}`: {error}") from error
    listing = Listing(uidvalidity=uidvalidity, uids=uids)
    return ImapSource(name=name, block=block, folder=folder, opening=opening, listing=listing)


def find_uids(mailbox: BaseMailBox, block: Mailbox, above: int) -> list[int]:
    """Return the UIDs, ascending, above that one in the selected folder that match the block's search."""
    criteria = f"UID {above + 1}:* {block.search}" + (f" SINCE {_imap_date(block.since)}" if block.since else "")
    found = mailbox.uids(criteria, charset=None if criteria.isascii() else "UTF-8")
    # `n:*` always matches the last mail, also where its UID is below n (RFC 9051, `seq-range`).
    return sorted(uid for uid in map(int, found) if uid > above)


def read_uidvalidity(mailbox: BaseMailBox) -> int:
    """Return the UIDVALIDITY of the folder just selected; to be asked once, as imaplib forgets it then."""
    _, told = mailbox.client.response("UIDVALIDITY")
    if not told or not told[0]:
        raise SourceError("the mail server tells no UIDVALIDITY, so its mails can't be told apart (RFC 9051, 2.3.1.1)")
    return int(told[0])


def _imap_date(day: date) -> str:
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year}"
