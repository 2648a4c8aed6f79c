"""A folder on a mail server as a source. It is read in pages by ascending UID; nothing is changed on the server."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from imap_tools import BaseMailBox

from tasks.errors import SourceError, SourceUnavailable
from tasks.mailbox.imap.address import join_address, split_address
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import LOST, REFUSED, connected
from tasks.mailbox.imap.pages import Fetched
from tasks.mailbox.imap.reading import Reading, wait_before
from tasks.mailbox.imap.refusals import CUT, PassingRefusal, is_about_the_server, passing_refusal, words_of
from tasks.mailbox.imap.sent import read_sent
from tasks.mailbox.imap.uids import imap_date, read_uidnext, read_uidvalidity
from tasks.mailbox.kinds import Opening
from tasks.mailbox.raw import Origin, RawMail

log = logging.getLogger("mailroom.imap")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """The UIDs to read in a folder, ascending. They are valid only under this UIDVALIDITY."""

    uidvalidity: int
    uids: list[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImapSource:
    """The mails above the highest UID on record, as listed when the source was opened."""

    name: str
    block: Mailbox
    folder: str
    opening: Opening
    listing: Listing

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """The addresses of the mailbox, as its block says."""
        return tuple(sorted(self.block.identity.own))

    @property
    def language(self) -> str:
        """Code of the language that its mails are summarised in; empty where its block does not say."""
        return self.block.language

    def sent_mails(self) -> Iterator[RawMail]:
        """Give the mails of its folder of sent mail that were not read yet."""
        return read_sent(split_address(self.name)[0], self.block, self.opening.since_uid)

    def count(self) -> int:
        """Return the number of listed mails. Some may be expunged before they are read."""
        return len(self.listing.uids)

    def read(self) -> Iterator[RawMail]:
        """Yield the mails that an earlier run has not finished, then the listed ones in the order of UIDs.

        Raises:
            SourceError: The server refuses permanently. Mails yielded before are valid.
            SourceUnavailable: The server stays unavailable. The next run continues after the last mail.
        """
        yield from self.opening.left_over(self.name)
        listing: Listing | None = self.listing
        while listing is not None:
            listing = yield from self._read_listed(listing)

    def _read_listed(self, listing: Listing) -> Generator[RawMail, None, Listing | None]:
        """Yield the mails. If the folder's UIDVALIDITY changes meanwhile, return the new listing to read instead."""
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
                    except LOST as lost:
                        if not is_about_the_server(lost):
                            reading.cut_off()
                        raise
                break
            except (*LOST, *REFUSED, SourceError, SourceUnavailable) as error:
                self._wait_or_give_up(error, reading)
        if reading.suspects:
            said = f"would not give the mail with UID {reading.suspects[0]}, nor any after it"
            raise SourceUnavailable(f"`{self.name}` {said}")
        return None

    def _list_anew(self, mailbox: BaseMailBox, uidvalidity: int) -> Listing:
        # Mails that were yielded before come again and are recognised by their content.
        log.info("%s was built anew on the server while it was read; it is read from the start.", self.name)
        return list_folder(mailbox, self.name, self.folder, self.block, self.opening, uidvalidity)

    def _wait_or_give_up(self, error: Exception, reading: Reading) -> None:
        was_cut = isinstance(error, LOST) or isinstance(error.__cause__, LOST)
        refusal = passing_refusal(error) or (CUT if was_cut else None)
        if refusal is None:
            if isinstance(error, SourceError):
                raise error
            said = f"refused to go on after UID {reading.done}: {words_of(error)}"
            raise SourceError(f"`{self.name}` {said}") from error
        wait_s = reading.next_wait_s(refusal.wait_s)
        if wait_s is None:
            stood = f"broke off after UID {reading.done} and could not be read on"
            raise SourceUnavailable(f"`{self.name}` {stood}: {refusal.words}", refusal.wait_s) from error
        log.info("%s: after UID %d, %s; it is tried again in %g s.", self.name, reading.done, refusal.words, wait_s)
        self.opening.pause(wait_s)

    def _mail_of(self, mail: Fetched, uidvalidity: int) -> RawMail:
        return RawMail(
            raw=mail.raw,
            source_id=str(mail.uid),
            origin=Origin(source=self.name, mailbox=self.folder, uidvalidity=uidvalidity, uid=mail.uid),
            size_bytes=mail.size_bytes,
            problem=mail.problem,
            marks=mail.marks,
            answered=mail.answered and not self.block.answer_answered,
            conversation=f"{split_address(self.name)[0]} {mail.conversation}" if mail.conversation else "",
        )


def open_folder(block_name: str, block: Mailbox, folder: str, opening: Opening) -> ImapSource:
    """Return the folder as a source; an empty `folder` is the block's own.

    Raises:
        SourceError: The server can't be reached, refuses the login or the search, or has no such folder.
        SourceUnavailable: The server refuses for now, and did so each time it was asked.
    """
    folder = folder or block.folder
    name = join_address(block_name, folder)
    for attempt in itertools.count(1):
        try:
            with connected(block, folder, readonly=True) as mailbox:
                listing = list_folder(mailbox, name, folder, block, opening, read_uidvalidity(mailbox))
            return ImapSource(name=name, block=block, folder=folder, opening=opening, listing=listing)
        except LOST as error:
            opening.pause(_wait_to_open(name, attempt, passing_refusal(error) or CUT, error))
        except (*REFUSED, SourceUnavailable) as error:
            refusal = passing_refusal(error)
            if refusal is None:
                raise SourceError(f"`{name}` refused the search `{block.search}`: {words_of(error)}") from error
            opening.pause(_wait_to_open(name, attempt, refusal, error))
    raise AssertionError("counting does not end")


def _wait_to_open(name: str, attempt: int, refusal: PassingRefusal, error: Exception) -> float:
    wait_s = wait_before(attempt, refusal.wait_s)
    if wait_s is None:
        raise SourceUnavailable(f"`{name}` cannot be opened now: {refusal.words}", refusal.wait_s) from error
    log.info("%s cannot be opened now (%s); it is tried again in %g s.", name, refusal.words, wait_s)
    return wait_s


def list_folder(
    mailbox: BaseMailBox, name: str, folder: str, block: Mailbox, opening: Opening, uidvalidity: int
) -> Listing:
    """Return which mails to read in the selected folder."""
    if opening.uids_given_anew(name, folder, uidvalidity, read_uidnext(mailbox)):
        log.warning(
            "%s: the server gave UIDs again under the same UIDVALIDITY; the folder is read from the start. Nothing is "
            "done twice, as mails are known by what they say.",
            name,
        )
    uids = find_uids(mailbox, block, opening.since_uid(name, folder, uidvalidity))
    return Listing(uidvalidity=uidvalidity, uids=uids)


def find_uids(mailbox: BaseMailBox, block: Mailbox, above: int) -> list[int]:
    """Return the UIDs, ascending, above that one in the selected folder that match the block's search."""
    criteria = f"UID {above + 1}:* {block.search}" + (f" SINCE {imap_date(block.since)}" if block.since else "")
    criteria += ("" if block.read_deleted else " UNDELETED") + ("" if block.read_drafts else " UNDRAFT")
    found = mailbox.uids(criteria, charset=None if criteria.isascii() else "UTF-8")
    # `n:*` always matches the last mail, even if its UID is below n (RFC 9051, `seq-range`).
    return sorted(uid for uid in map(int, found) if uid > above)
