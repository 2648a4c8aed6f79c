"""Decides when to announce mails. They are collected by time or by number, so that many mails make few runs."""

from __future__ import annotations

from tasks.settings.inbox import GatherSettings

RETRY_S = 5.0  # after a failed announcement; doubled each time
RETRY_MOST_S = 30.0
REPEAT_MOST_S = 900.0


class Gathering:
    """The mails since the last announcement. All times are seconds of one monotonic clock and are passed in."""

    def __init__(self, settings: GatherSettings, now: float) -> None:
        self._settings = settings
        self.fresh = 0
        """The number of mails that are not announced yet."""
        self._first_at = now
        self._not_before = now
        # Mail that the previous process did not announce is announced at once.
        self._repeat_at = now
        self._repeat_s = settings.repeat_s
        self._retry_s = RETRY_S

    def add(self, mails: int, now: float) -> None:
        """Count mails that were stored durably."""
        if not self.fresh:
            self._first_at = now
        self.fresh += mails

    def due_at(self) -> float:
        """When the inbox must be checked next, and announced unless it is empty."""
        if not self.fresh:
            return max(self._repeat_at, self._not_before)
        full = self.fresh >= self._settings.gather_mails
        return max(self._first_at + (0 if full else self._settings.gather_s), self._not_before)

    def announced(self, mails: int, now: float) -> None:
        """Count these mails as announced. If no run reads them, they are announced again at growing intervals."""
        self._repeat_s = self._settings.repeat_s if mails else min(2 * self._repeat_s, REPEAT_MOST_S)
        self._not_before = now + self._settings.event_gap_s
        self._settle(mails, now)

    def found_empty(self, mails: int, now: float) -> None:
        """Count these mails as done, because a run has read them already."""
        self._repeat_s = self._settings.repeat_s
        self._settle(mails, now)

    def failed(self, now: float) -> None:
        """Try again soon. The mails still count as not announced."""
        self._not_before = self._repeat_at = now + self._retry_s
        self._retry_s = min(2 * self._retry_s, RETRY_MOST_S)

    def rests(self, seconds: float, now: float) -> None:
        """Look again after so many seconds, since no run is to be started now. Mails still count as not announced."""
        self._not_before = self._repeat_at = now + seconds

    def _settle(self, mails: int, now: float) -> None:
        self.fresh -= mails
        self._retry_s = RETRY_S
        self._first_at = now
        self._repeat_at = now + self._repeat_s
