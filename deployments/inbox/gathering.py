"""When to announce: mails are gathered, by time or by count, so that many of them make few runs."""

from __future__ import annotations

from tasks.settings.inbox import GatherSettings

RETRY_S = 5.0  # after an announcement that did not get through; doubled each time
RETRY_MOST_S = 30.0
REPEAT_MOST_S = 900.0


class Gathering:
    """What has come since the last announcement; all times are seconds of one monotonic clock, handed in."""

    def __init__(self, settings: GatherSettings, now: float) -> None:
        self._settings = settings
        self.fresh = 0
        """Mails that were not announced yet."""
        self._first_at = now
        self._not_before = now
        # Mail that a process left behind when it ended is announced at once by the next one.
        self._repeat_at = now
        self._repeat_s = settings.repeat_s
        self._retry_s = RETRY_S

    def add(self, mails: int, now: float) -> None:
        """Take note of mails that were made durable."""
        if not self.fresh:
            self._first_at = now
        self.fresh += mails

    def due_at(self) -> float:
        """When the inbox is to be looked at next, and announced unless it is empty."""
        if not self.fresh:
            return max(self._repeat_at, self._not_before)
        full = self.fresh >= self._settings.gather_mails
        return max(self._first_at + (0 if full else self._settings.gather_s), self._not_before)

    def announced(self, mails: int, now: float) -> None:
        """Count these fresh mails as told; what the run they start does not fetch is told again, each time later."""
        self._repeat_s = self._settings.repeat_s if mails else min(2 * self._repeat_s, REPEAT_MOST_S)
        self._not_before = now + self._settings.event_gap_s
        self._settle(mails, now)

    def found_empty(self, mails: int, now: float) -> None:
        """Count these fresh mails as done without an announcement: a run has fetched them already."""
        self._repeat_s = self._settings.repeat_s
        self._settle(mails, now)

    def failed(self, now: float) -> None:
        """Try again soon; the mails stay fresh."""
        self._not_before = self._repeat_at = now + self._retry_s
        self._retry_s = min(2 * self._retry_s, RETRY_MOST_S)

    def _settle(self, mails: int, now: float) -> None:
        self.fresh -= mails
        self._retry_s = RETRY_S
        self._first_at = now
        self._repeat_at = now + self._repeat_s
