"""Mailboxes that effects reach: the one a mail came from, found again by where it was seen."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFolderStatusError
from imap_tools.folder import FolderInfo
from imap_tools.utils import check_command_status
from sqlalchemy import Engine

from tasks.act.mail_on_record import MailOnRecord
from tasks.errors import SourceUnavailable
from tasks.ledger.effects import of_mails
from tasks.ledger.messages import load_raw
from tasks.ledger.sightings import sightings_of
from tasks.mailbox.imap.address import load_mailbox, split_address
from tasks.mailbox.imap.connection import LOST, REFUSED, log_in
from tasks.mailbox.imap.refusals import passing_refusal, words_of

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A logged-in mailbox, the folder its owner wants drafts in, and whether mails marked `\\Answered` are answered."""

    box: BaseMailBox
    drafts: str = "Drafts"
    answer_answered: bool = False


Connect = Callable[[str], Connection]
"""Opens the mailbox that a source's name stands for."""


def connect_mailbox(source: str) -> Connection:
    """The mailbox of an `imap://BLOCK/FOLDER`, as its Prefect block says.

    Raises:
        SourceError: There is no such block, or the server can't be reached or refuses the login.
        SourceUnavailable: The server refuses for now.
    """
    block = load_mailbox(split_address(source)[0])
    return Connection(box=log_in(block), drafts=block.drafts_folder, answer_answered=block.answer_answered)


class ServerRefused(Exception):
    """The mail server answered, and the answer was no; nothing was changed.

    `passes` says whether the same may be taken later, after `wait_s` where the server told it.
    """

    def __init__(self, words: str, *, passes: bool = False, wait_s: float | None = None) -> None:
        super().__init__(words)
        self.passes = passes
        self.wait_s = wait_s


_WAITS_S = (1.0, 5.0, 15.0)
_MOST_WAIT_S = 60.0  # an effect is held by a lease, and what is waited for longer is left to the next run


@dataclass(frozen=True, kw_only=True)
class MailLocation:
    """Where a mail lies on a server; `uid` means it only under this `uidvalidity`."""

    source: str
    folder: str
    uidvalidity: int
    uid: int

    @property
    def mailbox(self) -> str:
        """The Prefect block of the mailbox, which may have several folders that are read."""
        return split_address(self.source)[0]


class Mailboxes:
    """Connections, one a mailbox, opened when first needed and used by one at a time; `close` ends them."""

    def __init__(self, engine: Engine, connect: Connect) -> None:
        self._engine = engine
        self._connect = connect
        self._open: dict[str, Connection] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def locations_of(self, keys: Sequence[str]) -> dict[str, list[MailLocation]]:
        """Where on servers each of these mails was seen, the first place first. Mails from no mailbox are missing."""
        found: dict[str, list[MailLocation]] = {}
        for key, source, place in sightings_of(self._engine, keys, scheme="imap"):
            folder, uidvalidity, uid = place.rsplit("/", 2)
            location = MailLocation(source=source, folder=folder, uidvalidity=int(uidvalidity), uid=int(uid))
            found.setdefault(key, []).append(location)
        return found

    def locations_of_one(self, message_key: str) -> list[MailLocation]:
        """Where on servers this mail was seen, the first place first; empty when it came from no mailbox."""
        return self.locations_of([message_key]).get(message_key, [])

    def record_of(self, message_key: str) -> MailOnRecord:
        """The mail as the ledger holds it, without a byte where it was forgotten or could never be read."""
        return next((MailOnRecord(kept["raw"]) for kept in load_raw(self._engine, [message_key])), MailOnRecord(b""))

    def moved_to(self, message_key: str) -> list[str]:
        """Folders that earlier effects moved this mail to, the last one first."""
        return [one["folder"] for one in reversed(self._done(message_key, "move"))]

    def was_flagged(self, message_key: str, flag: str) -> bool:
        """Whether an earlier effect set one of IMAP's own flags on this mail, as `answered`."""
        return any(one["flag"] == flag for one in self._done(message_key, "flag"))

    def _done(self, message_key: str, action: str) -> list[dict[str, Any]]:
        effects = of_mails(self._engine, [message_key]).get(message_key, [])
        return [one.parameters for one in effects if one.action == action and one.state == "done"]

    async def use(self, source: str, work: Callable[[Connection], T]) -> T:
        """What `work` returns, run in a thread on this source's connection.

        A connection that broke is not used again: the next use opens a new one. What a server refuses for now is tried
        again some times, so `work` may be called more than once.

        Raises:
            ServerRefused: The server said no.
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
            # The thread can't be stopped and may go on using its connection: nobody else may.
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
        """Log out everywhere."""
        while self._open:
            _, opened = self._open.popitem()
            with contextlib.suppress(Exception):
                opened.box.logout()


def drafts_folder(opened: Connection) -> str:
    """The folder for drafts: the owner's, the one the server marks as such (RFC 6154), or the owner's, made."""
    return _folder(opened.box, opened.drafts, "\\Drafts")


def sent_folder(opened: Connection) -> str:
    """The folder for sent mail: the one the server marks as such, or `Sent`, made where it is missing."""
    return _folder(opened.box, "Sent", "\\Sent")


def list_folders(box: BaseMailBox) -> list[FolderInfo]:
    """All folders of the mailbox, of which there is always one."""
    folders = box.folder.list()
    if not folders:  # the server refused, which imap_tools does not look at
        check_command_status(box.client.list(), MailboxFolderStatusError)
        folders = box.folder.list()
    return folders


def find_drafts_folder(box: BaseMailBox, name: str) -> str | None:
    """The folder that drafts go into: the one of this name, or the one the server marks as such; null where none is."""
    return _found(box, name, "\\Drafts")


def _found(box: BaseMailBox, name: str, mark: str) -> str | None:
    folders = list_folders(box)
    if name in (one.name for one in folders):
        return name
    return next((one.name for one in folders if mark.lower() in (flag.lower() for flag in one.flags)), None)


def _folder(box: BaseMailBox, name: str, mark: str) -> str:
    found = _found(box, name, mark)
    if found is None:
        box.folder.create(name)
    return found or name
