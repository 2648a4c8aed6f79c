"""Where mails were seen."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)

from tasks.ledger.clocks import database_time
from tasks.ledger.engine import reading
from tasks.ledger.messages import insert_new, load_raw
from tasks.ledger.owners import is_gone
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import messages, sightings

_LOADED_MAILS = 50  # mails whose bytes are held in memory at once


@dataclass(frozen=True, kw_only=True)
class LeftOver:
    """A mail on record that is not done."""

    place: str
    source_id: str
    raw: bytes
    target_language: str | None


def record_sightings(engine: Engine, met: Sequence[tuple[str, str, str]]) -> None:
    """Write down (source, place, mail) of mails that are not processed; what is known stays as it is."""
    if not met:
        return
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        insert_new(
            connection,
            sightings,
            [{"source": source, "place": place, "message_key": mail, "seen_at": now} for source, place, mail in met],
        )


def sightings_of(engine: Engine, keys: Sequence[str], *, scheme: str) -> list[tuple[str, str, str]]:
    """(message_key, source, place) of each sighting of these mails in sources with that scheme, oldest first."""
    found: list[tuple[str, str, str]] = []
    for some in in_batches(keys):
        with reading(engine) as connection:
            rows = connection.execute(_MEETINGS, {"keys": some, "sources": f"{scheme}:%"}).all()
        found += [(key, source, place) for key, source, place in rows]
    return found


_MEETINGS = (
    select(sightings.c.message_key, sightings.c.source, sightings.c.place)
    .where(
        sightings.c.message_key.in_(bindparam("keys", expanding=True)), sightings.c.source.like(bindparam("sources"))
    )
    .order_by(sightings.c.seen_at)
)


def newest_in_folder(engine: Engine, source: str, mailbox: str, uidvalidity: int, most: int) -> dict[int, str]:
    """By UID, the message_key of the mails with the highest UIDs on record of a folder."""
    folder = f"{mailbox}/{uidvalidity}/"
    uid = cast(func.substr(sightings.c.place, len(folder) + 1), BigInteger)
    wanted = (
        select(uid, sightings.c.message_key)
        .where(sightings.c.source == source, sightings.c.place.startswith(folder, autoescape=True))
        .order_by(uid.desc())
        .limit(most)
    )
    with reading(engine) as connection:
        return {int(number): key for number, key in connection.execute(wanted)}


def highest_uid(engine: Engine, source: str, mailbox: str, uidvalidity: int) -> int:
    """The highest UID on record of a folder, 0 when there is none. Mails are recorded in the order of their UIDs."""
    folder = f"{mailbox}/{uidvalidity}/"
    uid = cast(func.substr(sightings.c.place, len(folder) + 1), BigInteger)
    wanted = select(func.max(uid)).where(
        sightings.c.source == source, sightings.c.place.startswith(folder, autoescape=True)
    )
    with reading(engine) as connection:
        return int(connection.scalar(wanted) or 0)


def retire_uids(engine: Engine, source: str, mailbox: str, uidvalidity: int) -> None:
    """Record that a server assigns this folder's UIDs anew, so that the UIDs of mails seen there are void.

    Their places get a UIDVALIDITY that no server can have (servers' have 32 bits). So their folder stays known.
    """
    folder = f"{mailbox}/{uidvalidity}/"
    with engine.begin() as connection:
        retired = f"{mailbox}/{2**32 + int(database_time(connection, time.time) * 1_000)}/"
        connection.execute(
            update(sightings)
            .where(sightings.c.source == source, sightings.c.place.startswith(folder, autoescape=True))
            .values(place=literal(retired).concat(func.substr(sightings.c.place, len(folder) + 1)))
        )


def left_over(engine: Engine, source: str) -> Iterator[LeftOver]:
    """Mails seen in this source that a run may process now, in the order in which they were seen.

    These are new ones that no run has begun, ones whose run died, and ones that failed for a temporary reason.
    """
    with reading(engine) as connection:
        wanted = (
            select(sightings.c.message_key, func.min(sightings.c.place))
            .join(messages, messages.c.message_key == sightings.c.message_key)
            # Open mails are few and a source's sightings many. `concat` keeps the database from the index on `source`.
            .where(sightings.c.source.concat("") == source, _undone(connection))
            .group_by(sightings.c.message_key)
            .order_by(func.min(sightings.c.seen_at), func.min(sightings.c.place))
        )
        places = {key: place for key, place in connection.execute(wanted)}
    for some in in_batches(places, _LOADED_MAILS):
        for row in sorted(load_raw(engine, some), key=lambda row: some.index(row["message_key"])):
            yield LeftOver(
                place=places[row["message_key"]],
                source_id=row["source_id"],
                raw=row["raw"],
                target_language=row["target_language"],
            )


def count_left_over(engine: Engine, source: str) -> int:
    """How many mails `left_over` would return."""
    with reading(engine) as connection:
        counted = (
            select(func.count(sightings.c.message_key.distinct()))
            .join(messages, messages.c.message_key == sightings.c.message_key)
            .where(sightings.c.source.concat("") == source, _undone(connection))
        )
        return int(connection.scalar(counted) or 0)


def _undone(connection: Connection) -> ColumnElement[bool]:
    owners = connection.scalars(select(messages.c.owner).where(messages.c.state == "PROCESSING").distinct()).all()
    dead = [owner for owner in owners if owner and is_gone(owner)]
    return or_(
        messages.c.state == "PENDING",
        and_(messages.c.state == "FAILED", messages.c.retry),
        and_(messages.c.state == "PROCESSING", or_(messages.c.lease_until < time.time(), messages.c.owner.in_(dead))),
    )
