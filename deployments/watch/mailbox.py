"""`mailroom watch imap://BLOCK`: announces new mail of a mailbox, by IMAP IDLE (RFC 2177) and by polling.

The mail is not copied into the inbox: it is safe on the server, and effects on it (labels, moves, drafts) must be
performed there. So only an event is sent, and the run that it starts reads the mailbox.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imap_tools import BaseMailBox
from sqlalchemy import Engine

from deployments.inbox.announcer import Announcer
from tasks.errors import SourceError, SourceUnavailable
from tasks.ledger.sightings import count_left_over, highest_uid
from tasks.mailbox.imap.connection import LOST, REFUSED, connected
from tasks.mailbox.imap.refusals import words_of
from tasks.mailbox.imap.source import find_uids
from tasks.mailbox.imap.uids import read_uidvalidity

if TYPE_CHECKING:
    from tasks.mailbox.imap.block import Mailbox

_STOP_LOOK_S = 2.0
_MOST_LOOKS = 10
_IDLE_MOST_S = 25 * 60  # servers end an IDLE after 29 minutes (RFC 2177)
_POLL_WITHOUT_IDLE_S = 30.0
_RECONNECT_LEAST_S = 0.25
_RECONNECT_MOST_S = 60.0
log = logging.getLogger("mailroom.watch")


@dataclass
class WatchedMailbox:
    """A watched folder on a mail server. `name` is the source's name."""

    name: str
    block: Mailbox
    folder: str
    engine: Engine
    uidvalidity: int = 0
    newest_uid: int = 0
    given_anew: bool = False
    """Whether the server reuses UIDs that are on record, so that a run will read the folder from the start."""

    def waiting(self) -> int:
        """1 if the folder has unread mails, else 0, plus the number of its mails on record that are not done."""
        met = highest_uid(self.engine, self.name, self.folder, self.uidvalidity)
        return int(self.given_anew or self.newest_uid > met) + count_left_over(self.engine, self.name)

    def look(self, mailbox: BaseMailBox) -> int:
        """The number of mails that no run has read."""
        met = highest_uid(self.engine, self.name, self.folder, self.uidvalidity)
        uidnext = mailbox.folder.status(self.folder, ["UIDNEXT"]).get("UIDNEXT", 0)
        self.given_anew = 0 < uidnext <= met
        met = 0 if self.given_anew else met
        uids = find_uids(mailbox, self.block, met)
        self.newest_uid = max(uids, default=met)
        return len(uids)


async def watch_mailbox(
    watched: WatchedMailbox, poll_s: float, announcer: Announcer, told_to_end: asyncio.Event
) -> None:
    """Announce new mail until the event is set. A lost connection is opened again."""
    loop, end = asyncio.get_running_loop(), threading.Event()

    def tell(mails: int) -> None:
        loop.call_soon_threadsafe(announcer.stored, mails)

    watching = asyncio.create_task(asyncio.to_thread(_keep_watching, watched, poll_s, tell, end))
    try:
        await told_to_end.wait()
    finally:
        end.set()
        await watching


def _keep_watching(watched: WatchedMailbox, poll_s: float, tell: Callable[[int], None], end: threading.Event) -> None:
    wait_s = _RECONNECT_LEAST_S
    while not end.is_set():
        began = time.monotonic()
        try:
            _watch(watched, poll_s, tell, end)
        except (*LOST, *REFUSED, SourceError, SourceUnavailable) as error:
            lasted = time.monotonic() - began > _RECONNECT_MOST_S
            wait_s = _RECONNECT_LEAST_S if lasted else min(2 * wait_s, _RECONNECT_MOST_S)
            reason = words_of(error)
            log.warning("%s cannot be watched (%s); it is tried again in %g s.", watched.name, reason, wait_s)
            end.wait(wait_s)


def _watch(watched: WatchedMailbox, poll_s: float, tell: Callable[[int], None], end: threading.Event) -> None:
    with connected(watched.block, watched.folder, readonly=True) as mailbox:
        watched.uidvalidity = read_uidvalidity(mailbox)
        can_idle = "IDLE" in mailbox.client.capabilities
        log.info("Watching %s%s.", watched.name, "" if can_idle else " by asking, as its server can't tell")
        while not end.is_set():
            if new := _look(watched, mailbox):
                tell(new)
            if can_idle:
                _idle(mailbox, min(poll_s, _IDLE_MOST_S), end)
            else:
                end.wait(min(poll_s, _POLL_WITHOUT_IDLE_S))
                mailbox.client.noop()


def _look(watched: WatchedMailbox, mailbox: BaseMailBox) -> int:
    """The number of mails that no run has read; what the server reports during the look is looked at, too.

    It reports a mail once, and an IDLE afterwards would wait for the next one.
    """
    for _ in range(_MOST_LOOKS):
        mailbox.client.response("EXISTS")
        new = watched.look(mailbox)
        if mailbox.client.response("EXISTS")[1] == [None]:
            break
    return new


def _idle(mailbox: BaseMailBox, most_s: float, end: threading.Event) -> None:
    """Wait until the server reports anything, the time is over, or `end` is set."""
    until = time.monotonic() + most_s
    with mailbox.idle as idle:
        while not end.is_set() and time.monotonic() < until:
            if idle.poll(timeout=_STOP_LOOK_S):
                return
