"""When mail is announced, second by second on a clock of the test's own."""

from __future__ import annotations

import pytest

from deployments.inbox.gathering import REPEAT_MOST_S, RETRY_S, Gathering
from tasks.settings.inbox import GatherSettings

SETTINGS = GatherSettings(gather_s=1, gather_mails=500, event_gap_s=15, repeat_s=30)


def idle(now: float = 100.0) -> Gathering:
    """A gathering whose first look found nothing."""
    gathering = Gathering(SETTINGS, now)
    gathering.found_empty(0, now)
    return gathering


def test_mail_left_by_an_earlier_process_is_looked_for_at_once():
    assert Gathering(SETTINGS, 100).due_at() == 100


def test_mail_after_a_pause_waits_only_for_those_right_behind_it():
    gathering = idle()
    gathering.add(1, 107)
    gathering.add(1, 107.5)
    assert gathering.due_at() == 108


def test_many_mails_are_announced_without_waiting():
    gathering = idle()
    gathering.add(499, 107)
    gathering.add(1, 107.2)
    assert gathering.due_at() <= 107.2


@pytest.mark.parametrize("mails_a_second", [1, 17, 300])
def test_a_minute_of_steady_mail_makes_few_announcements(mails_a_second):
    gathering, announced = idle(0), []
    for tick in range(60 * mails_a_second):
        now = tick / mails_a_second
        gathering.add(1, now)
        if gathering.due_at() <= now:
            gathering.announced(gathering.fresh, now)
            announced.append(now)
    assert 4 <= len(announced) <= 5
    assert announced[0] <= 1 + 1 / mails_a_second


def test_mail_that_no_run_fetches_is_announced_again_but_ever_more_rarely():
    gathering = idle(0)
    gathering.add(1, 0)
    gathering.announced(1, 1)
    gaps, now = [], 1.0
    for _ in range(8):
        gaps.append(gathering.due_at() - now)
        now = gathering.due_at()
        gathering.announced(0, now)
    assert gaps == [30, 60, 120, 240, 480, REPEAT_MOST_S, REPEAT_MOST_S, REPEAT_MOST_S]


def test_new_mail_makes_repetitions_frequent_again():
    gathering = idle(0)
    for now in (0, 60, 200):
        gathering.announced(0, now)
    gathering.add(1, 300)
    gathering.announced(1, 301)
    assert gathering.due_at() == 331


def test_an_announcement_that_fails_is_repeated_soon_with_all_its_mails():
    gathering = idle()
    gathering.add(3, 107)
    gathering.failed(108)
    assert gathering.due_at() == 108 + RETRY_S
    assert gathering.fresh == 3


def test_a_server_that_stays_away_is_asked_more_rarely_but_at_least_twice_a_minute():
    gathering, now, gaps = idle(), 107.0, []
    gathering.add(1, now)
    for _ in range(5):
        gathering.failed(now)
        gaps.append(gathering.due_at() - now)
        now = gathering.due_at()
    assert gaps == [5, 10, 20, 30, 30]
    gathering.announced(1, now)
    gathering.failed(now)
    assert gathering.due_at() == now + RETRY_S


def test_mail_that_came_while_others_were_announced_is_announced_next():
    gathering = idle(0)
    gathering.add(2, 1)
    gathering.add(1, 2)  # while Prefect was told of the first two
    gathering.announced(2, 2)
    assert gathering.fresh == 1
    assert gathering.due_at() == 17
