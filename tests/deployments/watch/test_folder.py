"""A watched folder, with the system's notifications about changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deployments.inbox.announcer import Announcer
from deployments.watch.dropped import Dropped
from deployments.watch.folder import check_folder, watch_folder
from tasks.errors import SourceError
from tasks.ledger.engine import open_ledger
from tasks.mailbox.inbox import put_into
from tasks.settings.inbox import GatherSettings
from tasks.settings.watch import WatchSettings

MAIL = b"Subject: Hello\n\nHow are you?\n"


class Told(Announcer):
    """An announcer that lets a test wait for what it is told."""

    def __init__(self) -> None:
        async def nobody(_mails: int) -> None:
            return None

        super().__init__(GatherSettings(), nobody, lambda: 0)
        self.mails = 0
        self.changed = asyncio.Condition()

    def stored(self, mails: int) -> None:
        self.mails += mails

    async def until(self, mails: int) -> None:
        while self.mails < mails:
            await asyncio.sleep(0.02)


def test_what_lies_there_and_what_is_dropped_is_taken_until_the_end(tmp_path, ledger_url):
    drop = tmp_path / "drop"
    (drop / ".git").mkdir(parents=True)
    (drop / "before.eml").write_bytes(MAIL)

    async def story() -> int:
        told, end = Told(), asyncio.Event()
        dropped = Dropped(open_ledger(ledger_url), put_into(tmp_path / "inbox"), 10_000)
        settings = WatchSettings(settle_s=0.05)
        watching = asyncio.create_task(watch_folder(check_folder(drop), dropped, settings, told, end))
        await told.until(1)
        (drop / ".git" / "config.eml").write_bytes(MAIL)
        (drop / ".writing").write_bytes(MAIL)
        (drop / ".writing").rename(drop / "renamed.eml")
        (drop / "new").mkdir()
        (drop / "new" / "inside.eml").write_bytes(MAIL)
        await told.until(3)
        end.set()
        await watching
        return told.mails

    assert asyncio.run(asyncio.wait_for(story(), 20)) == 3
    names = {path.name.partition("-")[2] for path in (tmp_path / "inbox").iterdir()}
    assert names == {"before.eml", "renamed.eml", "inside.eml"}


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceError, match="nowhere"):
        check_folder(Path(tmp_path / "nowhere"))
