"""Reads one listing over as many connections as needed, and passes over mails that the server cannot give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imap_tools import BaseMailBox

from tasks.mailbox.imap.pages import LISTED_MAILS, Fetched, fetch_mails

# After these waits a connection that was cut, or a server that refused for now, is tried again. After any progress the
# waits begin anew.
RECONNECT_AFTER_S = (0.0, 1.0, 5.0, 15.0, 30.0)
# A server that asks for a longer wait is left to the next run.
MOST_WAIT_S = 300.0
# After so many cuts at the same place, mails are asked for one by one, to find the one that is the cause.
CAREFUL_AFTER_CUTS = 2


class Reading:
    """The state of a reading.

    A mail that the server refuses, or at which it breaks off, is only suspected until the server gives a later one. A
    server that limits us, or goes down, refuses all mails. None of those may count as read.
    """

    def __init__(self, uids: Sequence[int]) -> None:
        self._uids = uids
        self._cuts = 0
        self._failures = 0
        self._asked = 0  # the mail that is asked for alone
        self._suspects: list[Fetched] = []
        self.done = 0
        """The UID up to which mails were given, or are suspected."""

    @property
    def suspects(self) -> list[int]:
        """UIDs of mails that the server could not give, unless the server itself is at fault."""
        return [mail.uid for mail in self._suspects]

    def go_on(self, mailbox: BaseMailBox) -> Iterator[Fetched]:
        """Give the mails that were not given yet; those that can't be have a `problem`."""
        left = [uid for uid in self._uids if uid > self.done]
        if self._cuts >= CAREFUL_AFTER_CUTS:
            for uid in left[:LISTED_MAILS]:
                self._asked = uid
                yield from self._judge(fetch_mails(mailbox, [uid]))
            self._asked = 0
            left = left[LISTED_MAILS:]
        yield from self._judge(fetch_mails(mailbox, left))

    def cut_off(self) -> None:
        """Take note that the connection was lost while mails were read; a mail that was asked for alone is why."""
        if self._asked > self.done:
            self._suspects.append(Fetched(uid=self._asked, problem="the mail server breaks off at this mail"))
            self.done = self._asked
        self._cuts += 1

    def next_wait_s(self, told_s: float | None = None) -> float | None:
        """Return the seconds to wait before the next try, at least `told_s`.

        None means that enough tries have brought no mail.
        """
        self._failures += 1
        return wait_before(self._failures, told_s)

    def _judge(self, mails: Iterable[Fetched]) -> Iterator[Fetched]:
        for mail in mails:
            self.done = mail.uid
            if mail.problem:
                self._suspects.append(mail)
                continue
            self._cuts = self._failures = 0
            suspects, self._suspects = self._suspects, []
            yield from suspects
            yield mail


def wait_before(attempt: int, told_s: float | None) -> float | None:
    """Return the seconds to wait before this attempt (from 1) after a failure, at least `told_s`.

    None means that no more tries follow.
    """
    if attempt > len(RECONNECT_AFTER_S) or (told_s or 0.0) > MOST_WAIT_S:
        return None
    return max(RECONNECT_AFTER_S[attempt - 1], told_s or 0.0)
