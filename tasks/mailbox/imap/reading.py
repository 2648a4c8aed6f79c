"""Reads one listing over as many connections as needed, and skips mails that the server cannot send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imap_tools import BaseMailBox

from tasks.mailbox.imap.pages import LISTED_MAILS, Fetched, fetch_mails

# The waits before each retry after a broken connection or a temporary refusal. After any progress they start again.
RECONNECT_AFTER_S = (0.0, 1.0, 5.0, 15.0, 30.0)
# If a server asks for a longer wait, the next run continues.
MOST_WAIT_S = 300.0
# After so many breaks at the same place, mails are fetched one by one, to find the one that is the cause.
CAREFUL_AFTER_CUTS = 2


class Reading:
    """The state of a reading.

    A mail that the server refuses, or at which the connection breaks, is only suspected until the server sends a later
    one. A server that limits requests or shuts down refuses all mails, and none of these may count as read.
    """

    def __init__(self, uids: Sequence[int]) -> None:
        self._uids = uids
        self._cuts = 0
        self._failures = 0
        self._asked = 0  # the UID of the mail that is fetched alone
        self._suspects: list[Fetched] = []
        self.done = 0
        """The UID up to which mails were yielded or are suspected."""

    @property
    def suspects(self) -> list[int]:
        """UIDs of mails that the server could not send, perhaps because of a fault of its own."""
        return [mail.uid for mail in self._suspects]

    def go_on(self, mailbox: BaseMailBox) -> Iterator[Fetched]:
        """Yield the remaining mails. Those that can't be fetched have a `problem`."""
        left = [uid for uid in self._uids if uid > self.done]
        if self._cuts >= CAREFUL_AFTER_CUTS:
            for uid in left[:LISTED_MAILS]:
                self._asked = uid
                yield from self._judge(fetch_mails(mailbox, [uid]))
            self._asked = 0
            left = left[LISTED_MAILS:]
        yield from self._judge(fetch_mails(mailbox, left))

    def cut_off(self) -> None:
        """Note that the connection broke during reading. If a mail was fetched alone, it is the cause."""
        if self._asked > self.done:
            self._suspects.append(Fetched(uid=self._asked, problem="the mail server breaks off at this mail"))
            self.done = self._asked
        self._cuts += 1

    def next_wait_s(self, told_s: float | None = None) -> float | None:
        """Return the seconds to wait before the next try, at least `told_s`.

        None means that too many tries have brought no mail.
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

    None means that there are no more tries.
    """
    if attempt > len(RECONNECT_AFTER_S) or (told_s or 0.0) > MOST_WAIT_S:
        return None
    return max(RECONNECT_AFTER_S[attempt - 1], told_s or 0.0)
