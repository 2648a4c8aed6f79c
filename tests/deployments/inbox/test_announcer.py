"""The announcer on a real event loop: it announces once, repeats what failed, and announces the rest at its end."""

from __future__ import annotations

import asyncio

from deployments.inbox.announcer import Announcer
from deployments.inbox.background import running
from deployments.inbox.resting import Rest
from tasks.settings.inbox import GatherSettings

AT_ONCE = GatherSettings(gather_s=0, gather_mails=1, event_gap_s=0, repeat_s=1_000)


class Prefect:
    """What hears announcements; `away` of them fail first."""

    def __init__(self, away: int = 0) -> None:
        self.heard: list[int] = []
        self.away = away
        self.news = asyncio.Event()

    async def announce(self, mails: int) -> None:
        if self.away:
            self.away -= 1
            raise ConnectionError("no server")
        self.heard.append(mails)
        self.news.set()


def test_mail_left_behind_is_announced_without_news():
    async def story() -> list[int]:
        prefect = Prefect()
        async with running(Announcer(AT_ONCE, prefect.announce, lambda: 7).run()):
            await prefect.news.wait()
        return prefect.heard

    assert asyncio.run(asyncio.wait_for(story(), 10)) == [7]


def test_nothing_is_announced_while_the_inbox_is_empty():
    async def story() -> list[int]:
        looked, prefect = asyncio.Event(), Prefect()
        loop = asyncio.get_running_loop()

        def nothing() -> int:
            loop.call_soon_threadsafe(looked.set)
            return 0

        async with running(Announcer(AT_ONCE, prefect.announce, nothing).run()):
            await looked.wait()
        return prefect.heard

    assert asyncio.run(asyncio.wait_for(story(), 10)) == []


def test_what_prefect_did_not_hear_is_told_when_it_is_back(monkeypatch):
    monkeypatch.setattr("deployments.inbox.gathering.RETRY_S", 0.01)

    async def story() -> list[int]:
        prefect = Prefect(away=3)
        async with running(Announcer(AT_ONCE, prefect.announce, lambda: 2).run()):
            await prefect.news.wait()
        return prefect.heard

    assert asyncio.run(asyncio.wait_for(story(), 10)) == [2]


def test_mail_stored_just_before_the_end_is_still_announced():
    slow = GatherSettings(gather_s=5, gather_mails=100, event_gap_s=600, repeat_s=1_000)

    async def story() -> list[int]:
        prefect = Prefect()
        announcer = Announcer(slow, prefect.announce, lambda: 1)
        async with running(announcer.run()):
            await prefect.news.wait()  # the look at the start
            announcer.stored(1)
        return prefect.heard

    assert asyncio.run(asyncio.wait_for(story(), 10)) == [1, 1]


def test_mail_of_a_source_that_rests_is_kept_and_announced_when_it_may_be(caplog):
    rests = [Rest(look_in_s=0.01, why="The last run failed."), Rest(look_in_s=0.01, why="The last run failed."), None]

    async def story() -> list[int]:
        prefect = Prefect()

        async def rest() -> Rest | None:
            return rests.pop(0)

        async with running(Announcer(AT_ONCE, prefect.announce, lambda: 2, rest).run()):
            await prefect.news.wait()
        return prefect.heard

    assert asyncio.run(asyncio.wait_for(story(), 10)) == [2]
    assert [line.message for line in caplog.records if line.levelname == "WARNING"] == [
        "2 waiting in the inbox. The last run failed."
    ]
