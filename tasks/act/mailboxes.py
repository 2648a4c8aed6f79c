"""Mailboxes that effects reach: the one a mail came from, found again by where it was seen."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from imap_tools import AND, BaseMailBox, H, MailMessageFlags
from imap_tools.errors import UnexpectedCommandStatusError
from sqlalchemy import Engine

from tasks.ledger.effects import of_mails
from tasks.ledger.sightings import sightings_of
from tasks.mailbox.imap.address import load_mailbox, split_address
from tasks.mailbox.imap.connection import log_in

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A logged-in mailbox, and the folder its owner wants drafts in."""

    box: BaseMailBox
    drafts: str = "Drafts"


Connect = Callable[[str], Connection]
"""Opens the mailbox that a source's name stands for."""


def connect_mailbox(source: str) -> Connection:
    """The mailbox of an `imap://BLOCK/FOLDER`, as its Prefect block says.

    Raises:
        SourceError: There is no such block, or the server can't be reached or refuses the login.
    """
    block = load_mailbox(split_address(source)[0])
    return Connection(box=log_in(block), drafts=block.drafts_folder)


class Gone(Exception):
    """The mail is no longer where it was seen."""


class Told(Exception):
    """The server answered, and the answer was no."""


@dataclass(frozen=True, kw_only=True)
class MailLocation:
    """Where a mail lies on a server; `uid` means it only under this `uidvalidity`."""

    source: str
    folder: str
    uidvalidity: int
    uid: int


class Mailboxes:
    """Connections, one a mailbox, opened when first needed and used by one at a time; `close` ends them."""

    def __init__(self, engine: Engine, connect: Connect) -> None:
        self._engine = engine
        self._connect = connect
        self._open: dict[str, Connection] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def locations_of(self, keys: Sequence[str]) -> dict[str, MailLocation]:
        """Where on a server each of these mails was seen first; those that came from no mailbox are not in it."""
        found: dict[str, MailLocation] = {}
        for key, source, place in sightings_of(self._engine, keys, scheme="imap"):
            folder, uidvalidity, uid = place.rsplit("/", 2)
            found.setdefault(
                key, MailLocation(source=source, folder=folder, uidvalidity=int(uidvalidity), uid=int(uid))
            )
        return found

    def location_of(self, message_key: str) -> MailLocation | None:
        """Where on a server this mail was seen first; null when it came from no mailbox."""
        return self.locations_of([message_key]).get(message_key)

    def moved_to(self, message_key: str) -> list[str]:
        """Folders that earlier effects moved this mail to."""
        done = of_mails(self._engine, [message_key]).get(message_key, [])
        return [one.parameters["folder"] for one in done if one.action == "move" and one.state == "done"]

    async def use(self, source: str, work: Callable[[Connection], T]) -> T:
        """What `work` returns, run in a thread on this source's connection.

        A connection that broke is not used again: the next use opens a new one. Raises `Told` when the server said no.
        """
        async with self._locks.setdefault(source, asyncio.Lock()):
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
        except UnexpectedCommandStatusError as no:
            raise Told(str(no.command_result)[:200]) from no
        except (OSError, imaplib.IMAP4.abort):
            broken = self._open.pop(source, None)
            if broken:
                with contextlib.suppress(Exception):
                    broken.box.client.shutdown()
            raise

    def close(self) -> None:
        """Log out everywhere."""
        while self._open:
            _, opened = self._open.popitem()
            with contextlib.suppress(Exception):
                opened.box.logout()


def find_mail(box: BaseMailBox, location: MailLocation, message_id: str, moved_to: Iterable[str] = ()) -> str:
    """The mail's UID today, its folder selected: where it was seen, or by its Message-ID there or where we moved it.

    A UID whose folder was built anew means another mail now.

    Raises:
        Gone: It is in none of these folders.
    """
    box.folder.set(location.folder)
    same = int(box.folder.status(location.folder, ["UIDVALIDITY"])["UIDVALIDITY"]) == location.uidvalidity
    if same and box.uids(AND(uid=str(location.uid))):
        return str(location.uid)
    for folder in (location.folder, *moved_to):
        found = find_by_id(box, folder, message_id) if message_id else []
        if found:
            return found[0]
    raise Gone(f"the mail is no longer in `{location.folder}`")


def find_by_id(box: BaseMailBox, folder: str, message_id: str) -> list[str]:
    """UIDs of the mails in this folder that have this Message-ID (without brackets)."""
    box.folder.set(folder)
    return box.uids(AND(header=H("Message-ID", f"<{message_id}>")))


def drafts_folder(opened: Connection) -> str:
    """The folder for drafts: the owner's, the one the server marks as such (RFC 6154), or the owner's, made."""
    return _folder(opened.box, opened.drafts, "\\Drafts")


def sent_folder(opened: Connection) -> str:
    """The folder for sent mail: the one the server marks as such, or `Sent`, made where it is missing."""
    return _folder(opened.box, "Sent", "\\Sent")


def _folder(box: BaseMailBox, name: str, mark: str) -> str:
    folders = box.folder.list()
    if name in (one.name for one in folders):
        return name
    marked = [one.name for one in folders if mark.lower() in (flag.lower() for flag in one.flags)]
    if marked:
        return marked[0]
    box.folder.create(name)
    return name


def append_once(box: BaseMailBox, folder: str, raw: bytes, message_id: str, flag: str) -> bool:
    """Whether the mail was put there now; false when one with its Message-ID was there already."""
    if find_by_id(box, folder, message_id):
        return False
    box.append(raw, folder, flag_set=[flag])
    return True


DRAFT, SEEN = MailMessageFlags.DRAFT, MailMessageFlags.SEEN
