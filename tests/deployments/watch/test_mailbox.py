"""A watched mailbox on a real IMAP server: new mail is announced at once and only once, even after lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from deployments.inbox.announcer import Announcer
from deployments.watch import mailbox as watching_mailbox
from deployments.watch.mailbox import WatchedMailbox, watch_mailbox
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import connected
from tasks.mailbox.imap.source import find_uids
from tasks.settings.inbox import GatherSettings
from tests.services.cutting_proxy import cutting_proxy

MAIL = b"Subject: Hello\r\n\r\nHow are you?\r\n"
NAME = "imap://work/INBOX"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching_mailbox, "_STOP_LOOK_S", 0.1)
    monkeypatch.setattr(watching_mailbox, "_RECONNECT_LEAST_S", 0.01)


class Told(Announcer):
    """An announcer that lets a test wait for what it is told."""

    def __init__(self) -> None:
        async def nobody(_mails: int) -> None:
            return None

        super().__init__(GatherSettings(), nobody, lambda: 0)
        self.told: list[int] = []

    def stored(self, mails: int) -> None:
        self.told.append(mails)

    async def until(self, times: int) -> None:
        while len(self.told) < times:
            await asyncio.sleep(0.02)


def block_of(account: Any, port: int | None = None) -> Mailbox:
    return Mailbox(
        host=account.host, port=port or account.port, encryption="none", user=account.user, password=account.password
    )


def watching(block: Mailbox, ledger_url: str, story: Callable[[Told, WatchedMailbox], Awaitable[None]]) -> list[int]:
    """What the watcher told while the story went on."""

    async def tell() -> list[int]:
        told, end = Told(), asyncio.Event()
        watched = WatchedMailbox(name=NAME, block=block, folder="INBOX", engine=open_ledger(ledger_url))
        task = asyncio.create_task(watch_mailbox(watched, 300, told, end))
        await story(told, watched)
        end.set()
        await task
        return told.told

    return asyncio.run(asyncio.wait_for(tell(), 30))


def append(block: Mailbox) -> None:
    with connected(block) as mailbox:
        mailbox.append(MAIL, "INBOX")


def test_mail_is_told_of_when_it_comes(imap_account, ledger_url):
    imap_account.deliver([MAIL])
    block = block_of(imap_account)

    async def story(told: Told, watched: WatchedMailbox) -> None:
        await told.until(1)
        await asyncio.to_thread(append, block)
        await told.until(2)
        assert await asyncio.to_thread(watched.waiting) == 1

    assert watching(block, ledger_url, story) == [1, 2]


def test_mail_that_a_run_has_met_is_not_told_of(imap_account, ledger_url):
    imap_account.deliver([MAIL])
    block = block_of(imap_account)
    with connected(block, readonly=True) as mailbox:
        _, told = mailbox.client.response("UIDVALIDITY")
    place = f"INBOX/{int(told[0])}/1"
    engine = open_ledger(ledger_url)
    record_seen(engine, [Seen(message_key="k", source=NAME, place=place, source_id="1", raw=MAIL)])

    async def story(told: Told, _watched: WatchedMailbox) -> None:
        await asyncio.to_thread(append, block)
        await told.until(1)

    assert watching(block, ledger_url, story)[0] == 1


def test_mail_under_a_uid_that_was_given_again_is_told_of(imap_account, ledger_url):
    imap_account.deliver([MAIL])
    block = block_of(imap_account)
    with connected(block, readonly=True) as mailbox:
        _, told = mailbox.client.response("UIDVALIDITY")
    engine = open_ledger(ledger_url)
    place = f"INBOX/{int(told[0])}/9"  # what lay there before the server began again at 1
    record_seen(engine, [Seen(message_key="k", source=NAME, place=place, source_id="9", raw=MAIL)])

    async def story(told: Told, watched: WatchedMailbox) -> None:
        await told.until(1)
        assert await asyncio.to_thread(watched.waiting) == 2, "the folder, and the mail that no run has done yet"

    assert watching(block, ledger_url, story) == [1]


def test_a_cut_connection_is_opened_anew(imap_account, ledger_url):
    imap_account.deliver([MAIL])
    with cutting_proxy(imap_account.host, imap_account.port, [20, 200]) as proxy:

        async def story(told: Told, _watched: WatchedMailbox) -> None:
            await told.until(1)

        assert watching(block_of(imap_account, proxy.port), ledger_url, story) == [1]
        assert proxy.connections == 3


def test_it_ends_when_told_while_nothing_comes(imap_account, ledger_url):
    async def story(_told: Told, _watched: WatchedMailbox) -> None:
        await asyncio.sleep(0)

    assert watching(block_of(imap_account), ledger_url, story) == []


def test_mail_that_is_reported_while_the_folder_is_looked_at_is_told_of(imap_account, ledger_url, monkeypatch):
    block = block_of(imap_account)
    arrived: list[None] = []

    def found_then_reported(mailbox: Any, *arguments: Any) -> list[int]:
        uids = find_uids(mailbox, *arguments)
        if not arrived:
            append(block)
            arrived.append(None)
            mailbox.client.noop()  # as a server may report it with the search's own answer
        return uids

    monkeypatch.setattr(watching_mailbox, "find_uids", found_then_reported)

    async def story(told: Told, _watched: WatchedMailbox) -> None:
        await told.until(1)

    assert watching(block, ledger_url, story) == [1]
