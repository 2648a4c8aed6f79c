"""Who works on a mail: a run claims it with a lease and a fencing number before work, and settles it after.

Two runs can't both own a mail: a claim raises the mail's fence, and only the claim with that fence may settle it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, or_, select, update
from sqlalchemy.exc import OperationalError

from tasks.ledger.batch_queue import parked_by
from tasks.ledger.clocks import database_time
from tasks.ledger.owners import is_gone
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import messages, sightings

log = logging.getLogger("mailroom.ledger")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A run's ownership of a mail until its lease ends. `fence` proves it when the mail is settled."""

    message_key: str
    fence: int


def claim(
    engine: Engine, keys: Iterable[str], *, owner: str, lease_s: float, again: bool = False, failed: bool = False
) -> dict[str, Claim]:
    """Claim those of the mails that are new, worth another try, or whose owner died; return these by their keys.

    With `failed`, mails that failed for good are claimed too; with `again`, all that are done. Mails that another run
    works on are never claimed.
    """
    taken: dict[str, Claim] = {}
    with engine.begin() as connection:
        _free_the_dead(connection)
        now = database_time(connection, time.time)
        free = or_(
            messages.c.state == "PENDING",
            and_(messages.c.state == "FAILED", messages.c.retry),
            and_(messages.c.state == "PROCESSING", messages.c.lease_until < now),
        )
        if again:
            free = or_(free, messages.c.state != "PROCESSING")
        if failed:
            free = or_(free, messages.c.state == "FAILED", messages.c.owner.startswith(parked_by("")))
        for some in in_batches(keys):
            taken |= _take(connection, and_(messages.c.message_key.in_(some), free), owner, now, lease_s)
    return taken


def claim_share(
    engine: Engine, source: str, *, until: float, owner: str, lease_s: float, most: int
) -> dict[str, Claim]:
    """Claim up to `most` mails of this source that nobody works on, in the order of arrival; for workers that share it.

    A mail that waits is claimed only if it has not changed since `until` (UTC seconds): one that failed since was tried
    by another worker and is not repeated.
    """
    with engine.begin() as connection:
        _free_the_dead(connection)
        now = database_time(connection, time.time)
        free = _shareable(now, source, until)
        chosen = select(messages.c.message_key).where(free).order_by(messages.c.first_seen).limit(most)
        unlocked = chosen.with_for_update(skip_locked=True)
        return _take(connection, messages.c.message_key.in_(unlocked), owner, now, lease_s)


def waiting_in(engine: Engine, source: str, *, until: float) -> int:
    """How many mails of this source `claim_share` could claim."""
    with engine.begin() as connection:
        _free_the_dead(connection)
        free = _shareable(database_time(connection, time.time), source, until)
        return connection.scalar(select(func.count()).select_from(messages).where(free)) or 0


def _shareable(now: float, source: str, until: float) -> ColumnElement[bool]:
    waiting = or_(messages.c.state == "PENDING", and_(messages.c.state == "FAILED", messages.c.retry))
    free = or_(
        and_(waiting, messages.c.updated <= until),
        and_(messages.c.state == "PROCESSING", messages.c.lease_until < now),
    )
    return and_(free, exists().where(sightings.c.message_key == messages.c.message_key, sightings.c.source == source))


def _take(
    connection: Connection, which: ColumnElement[bool], owner: str, now: float, lease_s: float
) -> dict[str, Claim]:
    statement = (
        update(messages)
        .where(which)
        .values(state="PROCESSING", owner=owner, lease_until=now + lease_s, fence=messages.c.fence + 1, updated=now)
        .returning(messages.c.message_key, messages.c.fence)
    )
    return {key: Claim(message_key=key, fence=fence) for key, fence in connection.execute(statement).all()}


def give_back(engine: Engine, owner: str) -> int:
    """Set the mails that this owner still holds to PENDING, for any run to claim; return how many there were."""
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        result = connection.execute(
            update(messages)
            .where(messages.c.owner == owner, messages.c.state == "PROCESSING")
            .values(state="PENDING", owner="", lease_until=0.0, updated=now)
        )
    return result.rowcount


@contextmanager
def leases_kept(engine: Engine, owner: str, lease_s: float, on_lost: Callable[[], None]) -> Iterator[None]:
    """Renew the owner's leases while the body runs, and release at its end the mails that were not settled.

    `on_lost` is called in another thread when the leases could not be renewed for `lease_s`: others may own the mails
    by then.
    """
    done = threading.Event()

    def renew() -> None:
        renewed_at = time.time()  # unlike a monotonic clock, it runs on while the machine is suspended
        while not done.wait(lease_s / 3):
            if time.time() - renewed_at >= lease_s:
                on_lost()
            try:
                _renew(engine, owner, lease_s)
                renewed_at = time.time()
            except OperationalError as error:
                # The next try is still in time. If it fails, too, the fence protects mails that others have claimed.
                log.warning("The ledger could not be reached to renew leases (%s).", type(error).__name__)

    keeper = threading.Thread(target=renew, name="lease-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        give_back(engine, owner)


def _renew(engine: Engine, owner: str, lease_s: float) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(messages)
            .where(messages.c.owner == owner, messages.c.state == "PROCESSING")
            .values(lease_until=database_time(connection, time.time) + lease_s)
        )


def _free_the_dead(connection: Connection) -> None:
    owners = connection.scalars(select(messages.c.owner).where(messages.c.state == "PROCESSING").distinct()).all()
    for owner in owners:
        if owner and is_gone(owner):
            connection.execute(update(messages).where(messages.c.owner == owner).values(lease_until=0.0))
