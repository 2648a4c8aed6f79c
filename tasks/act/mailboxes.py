"""Connections to the mailboxes of mails, which are known from where the mails were seen."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from imap_tools import BaseMailBox
from sqlalchemy import Engine

from tasks.act.mail_on_record import MailOnRecord
from tasks.errors import SourceError, SourceUnavailable
from tasks.ledger.effects import of_mails
from tasks.ledger.messages import load_raw
from tasks.ledger.sightings import sightings_of
from tasks.mailbox.imap.address import load_mailbox, split_address
from tasks.mailbox.imap.connection import LOST, REFUSED, log_in
from tasks.mailbox.imap.folders import find_folder
from tasks.mailbox.imap.identity import NOBODY, Identity
from tasks.mailbox.imap.refusals import passing_refusal, words_of
from tasks.mailbox.imap.tokens import access_token

log = logging.getLogger("mailroom.act")
T = TypeVar("T")
MAILBOX = "mailbox"
"""Parameter of an effect on a mail in another mailbox than the one it was seen in first: that mailbox's name."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A logged-in mailbox, and whether mails in it that are marked `\\Answered` are answered.

    `drafts` and `sent` are the folders that its owner named for them; where empty, the server's marks say which.
    """

    box: BaseMailBox
    drafts: str = ""
    sent: str = ""
    answer_answered: bool = False


Connect = Callable[[str], Connection]
"""Opens the mailbox that a source's name stands for."""


def connect_mailbox(source: str) -> Connection:
    """Log in to the mailbox of `imap://BLOCK/FOLDER`, as its Prefect block is configured.

    Raises:
        SourceError: There is no such block, the server can't be reached, or it refuses the login.
        SourceUnavailable: The server is temporarily unavailable.
    """
    block = load_mailbox(split_address(source)[0])
    return Connection(
        box=log_in(block), drafts=block.drafts_folder, sent=block.sent_folder, answer_answered=block.answer_answered
    )


Identify = Callable[[str], Identity]
"""As whom the mailbox writes that a source's name stands for."""


def identify_mailbox(source: str) -> Identity:
    """As whom the mailbox of an `imap://BLOCK/FOLDER` writes, as its Prefect block says.

    Raises:
        SourceError: There is no such block.
    """
    block = load_mailbox(split_address(source)[0])
    token = (lambda anew: access_token(block, anew=anew)) if block.sends_by_token else None
    return replace(block.identity, token=token)


def unidentified(source: str) -> Identity:
    """Nobody in particular: the settings say as whom replies go out."""
    return NOBODY


class ServerRefused(Exception):
    """The mail server refused a command and changed nothing.

    `passes` says whether the command may succeed later: after `wait_s` seconds, where the server gave them.
    """

    def __init__(self, words: str, *, passes: bool = False, wait_s: float | None = None) -> None:
        super().__init__(words)
        self.passes = passes
        self.wait_s = wait_s


_WAITS_S = (1.0, 5.0, 15.0)
_MOST_WAIT_S = 60.0  # the effect's lease bounds the wait; longer waits are left to the next run


@dataclass(frozen=True, kw_only=True)
class MailLocation:
    """Where a mail is on a server. `uid` is valid only under this `uidvalidity`."""

    source: str
    folder: str
    uidvalidity: int
    uid: int

    @property
    def mailbox(self) -> str:
        """The Prefect block of the mailbox. Several folders of it may be sources."""
        return split_address(self.source)[0]


class Mailboxes:
    """One connection for each mailbox, opened when first needed and used by one caller at a time."""

    def __init__(self, engine: Engine, connect: Connect, identify: Identify = unidentified) -> None:
        self._engine = engine
        self._connect = connect
        self._identify = identify
        self._identities: dict[str, Identity] = {}
        self._open: dict[str, Connection] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def locations_of(self, keys: Sequence[str]) -> dict[str, list[MailLocation]]:
        """The locations on servers of each of these mails, oldest first. Mails from files are left out."""
        found: dict[str, list[MailLocation]] = {}
        for key, source, place in sightings_of(self._engine, keys, scheme="imap"):
            folder, uidvalidity, uid = place.rsplit("/", 2)
            location = MailLocation(source=source, folder=folder, uidvalidity=int(uidvalidity), uid=int(uid))
            found.setdefault(key, []).append(location)
        return found

    def locations_of_one(self, message_key: str) -> list[MailLocation]:
        """The locations on servers of this mail, oldest first; empty for a mail from files."""
        return self.locations_of([message_key]).get(message_key, [])

    def identity_at(self, locations: Sequence[MailLocation]) -> Identity:
        """As whom a mail is answered that was seen there: the first place's mailbox; nobody where there is none."""
        if not locations:
            return NOBODY
        first = locations[0]
        if first.mailbox not in self._identities:
            try:
                self._identities[first.mailbox] = self._identify(first.source)
            except SourceError as error:  # its block is gone; the settings still say as whom we write
                log.warning("%s", error)
                self._identities[first.mailbox] = NOBODY
        return self._identities[first.mailbox]

    def record_of(self, message_key: str) -> MailOnRecord:
        """The mail on record. It is empty where its bytes were deleted or could never be read."""
        return next((MailOnRecord(kept["raw"]) for kept in load_raw(self._engine, [message_key])), MailOnRecord(b""))

    def moved_to(self, message_key: str, mailbox: str = "") -> list[str]:
        """Folders of that mailbox that earlier effects moved this mail to, the last one first; see `MAILBOX`."""
        return [one["folder"] for one in reversed(self._done(message_key, "move", mailbox))]

    def was_flagged(self, message_key: str, flag: str) -> bool:
        """Whether an earlier effect set this IMAP system flag, such as `answered`, on the mail."""
        return any(one["flag"] == flag for one in self._done(message_key, "flag"))

    def _done(self, message_key: str, action: str, mailbox: str = "") -> list[dict[str, Any]]:
        effects = of_mails(self._engine, [message_key]).get(message_key, [])
        done = [one.parameters for one in effects if one.action == action and one.state == "done"]
        return [parameters for parameters in done if parameters.get(MAILBOX, "") == mailbox]

    async def use(self, source: str, work: Callable[[Connection], T]) -> T:
        """Run `work` in a thread on this source's connection and return its result.

        A broken connection is not reused: the next use opens a new one. A temporary refusal is retried a few times, so
        `work` may be called more than once.

        Raises:
            ServerRefused: The server refused the command.
        """
        async with self._locks.setdefault(source, asyncio.Lock()):
            for wait_s in _WAITS_S:
                try:
                    return await self._use_in_thread(source, work)
                except ServerRefused as no:
                    if not no.passes or (no.wait_s or 0.0) > _MOST_WAIT_S:
                        raise
                    await asyncio.sleep(max(wait_s, no.wait_s or 0.0))
            return await self._use_in_thread(source, work)

    async def _use_in_thread(self, source: str, work: Callable[[Connection], T]) -> T:
        try:
            return await asyncio.to_thread(self._use, source, work)
        except asyncio.CancelledError:
            # The thread can't be stopped and may still use its connection, so no other caller may.
            self._open.pop(source, None)
            raise

    def _use(self, source: str, work: Callable[[Connection], T]) -> T:
        try:
            if source not in self._open:
                self._open[source] = self._connect(source)
            return work(self._open[source])
        except imaplib.IMAP4.readonly as no:
            raise ServerRefused("the folder may only be read") from no
        except LOST as lost:
            broken = self._open.pop(source, None)
            if broken:
                with contextlib.suppress(Exception):
                    broken.box.client.shutdown()
            raise ConnectionAbortedError(words_of(lost)) from lost
        except (*REFUSED, SourceUnavailable) as no:
            refusal = passing_refusal(no)
            wait_s = refusal.wait_s if refusal else None
            raise ServerRefused(words_of(no), passes=refusal is not None, wait_s=wait_s) from no

    def close(self) -> None:
        """Log out of all mailboxes."""
        while self._open:
            _, opened = self._open.popitem()
            with contextlib.suppress(Exception):
                opened.box.logout()


def drafts_folder(opened: Connection) -> str:
    """The folder for drafts: the owner's, else the one the server marks as such (RFC 6154), else `Drafts`."""
    return _folder(opened.box, opened.drafts, "Drafts")


def sent_folder(opened: Connection) -> str:
    """The folder for sent mail: the owner's, else the one the server marks as such, else `Sent`."""
    return _folder(opened.box, opened.sent, "Sent")


def find_drafts_folder(box: BaseMailBox, name: str) -> str | None:
    """The folder that drafts go into, as `drafts_folder` would find it; null where it is still to be made."""
    return find_folder(box, name, "Drafts")


def find_sent_folder(opened: Connection) -> str | None:
    """The folder of sent mail; null where there is none."""
    return find_folder(opened.box, opened.sent, "Sent")


def find_marked(box: BaseMailBox, use: str) -> str | None:
    """The folder that the server marks for this use (RFC 6154), such as `Archive`, or one of that name; else null."""
    return find_folder(box, "", use)


def _folder(box: BaseMailBox, named: str, usual: str) -> str:
    found = find_folder(box, named, usual)
    if found is None:
        box.folder.create(named or usual)
    return found or named or usual
