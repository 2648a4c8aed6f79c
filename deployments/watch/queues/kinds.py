"""What the kinds of queue have in common, as the consumer sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from deployments.receiver.payload_formats import BadPayload, Spoolable, read_json, read_raw

GROUP = "mailroom"
AT_ONCE = 100
WAIT_S = 1.0
"""The longest that `take` waits, so that a consumer that is told to end ends soon."""
GIVEN_UP_AFTER_S = 60.0
"""What a member of the group has not acknowledged for so long comes to another, where the broker cannot see it die."""

Handle = TypeVar("Handle")


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedMail(Generic[Handle]):
    """One entry of a queue; `handle` is the broker's own word for it."""

    identity: str
    """The same at every redelivery, and no other entry's; empty where the broker has no such name."""
    mail: Spoolable | str
    """The mail, or why it is none."""
    handle: Handle


class MailQueue(Protocol[Handle]):
    """A queue, stream or topic. All but `place` and `faults` is called from one task of one event loop."""

    @property
    def place(self) -> str:
        """What people call it; without the password."""
        ...

    @property
    def faults(self) -> tuple[type[Exception], ...]:
        """What any of the calls raises when the broker is away or refuses; opening it anew may help."""
        ...

    async def open(self) -> None:
        """Connect, and join the group; also after a fault.

        Raises:
            Misconfigured: No broker could be reached like this.
        """
        ...

    async def take(self) -> Sequence[QueuedMail[Handle]]:
        """Up to `AT_ONCE` entries, after `WAIT_S` maybe none; what dead members held comes first."""
        ...

    async def acknowledge(self, mails: Sequence[QueuedMail[Handle]]) -> None:
        """Never give these out again. They are of what was taken last."""
        ...

    async def set_apart(self, mail: QueuedMail[Handle], reason: str) -> None:
        """Keep a copy where people look for what was refused. It is still to be acknowledged."""
        ...

    async def close(self) -> None:
        """Disconnect; what was not acknowledged is given out again."""
        ...


def read_body(body: bytes) -> Spoolable | str:
    """The mail of an entry that is bytes, or why it is none: a raw mail, or JSON as the receiver takes it."""
    try:
        return read_json(body) if body.lstrip()[:1] in (b"{", b"[") else read_raw(body)
    except BadPayload as error:
        return str(error)
