"""What was seen, and who works on it: a mail is claimed with a lease and a fencing number, and settled after.

Two runs can't both own a mail: a claim raises the mail's fence, and only the claim with today's fence may settle it.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tasks.ledger.owners import is_gone
from tasks.ledger.schema import effects, messages, raws, sightings

_KEYS_A_STATEMENT = 500  # SQLite takes a bounded number of parameters


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A mail as a source gave it; `place` is where in the source, `raw` its bytes."""

    message_key: str
    source: str
    place: str
    source_id: str
    raw: bytes
    message_id: str | None = None
    target_language: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """This run owns the mail until its lease ends; `fence` proves it when settling."""

    message_key: str
    fence: int


def record_seen(engine: Engine, seen: Sequence[Seen]) -> None:
    """Write down that these mails exist, where they were met and their bytes; known ones stay as they are."""
    if not seen:
        return
    now = time.time()
    with engine.begin() as connection:
        _insert_new(
            connection,
            messages,
            [
                {"message_key": one.message_key, "state": "PENDING", "retry": False, "fence": 0, "owner": "",
                 "lease_until": 0.0, "message_id": one.message_id, "first_seen": now, "updated": now}
                for one in seen
            ],
        )  # fmt: skip
        _insert_new(
            connection,
            sightings,
            [
                {"source": one.source, "place": one.place, "message_key": one.message_key, "seen_at": now}
                for one in seen
            ],
        )
        _insert_new(
            connection,
            raws,
            [
                {"message_key": one.message_key, "source_id": one.source_id, "stored_at": now,
                 "target_language": one.target_language, "raw": zlib.compress(one.raw, 1)}
                for one in seen
            ],
        )  # fmt: skip


def claim(
    engine: Engine, keys: Iterable[str], *, owner: str, lease_s: float, again: bool = False, failed: bool = False
) -> dict[str, Claim]:
    """Those of the mails that are now ours: new ones, ones worth another try, ones whose owner died.

    With `failed`, mails that failed for good are taken too; with `again`, all that are done. Mails another run works on
    are never taken.
    """
    now = time.time()
    free = or_(
        messages.c.state == "PENDING",
        and_(messages.c.state == "FAILED", messages.c.retry),
        and_(messages.c.state == "PROCESSING", messages.c.lease_until < now),
    )
    if again:
        free = or_(free, messages.c.state != "PROCESSING")
    if failed:
        free = or_(free, messages.c.state == "FAILED")
    taken: dict[str, Claim] = {}
    with engine.begin() as connection:
        _free_the_dead(connection)
        for some in _batches(keys):
            statement = (
                update(messages)
                .where(messages.c.message_key.in_(some), free)
                .values(state="PROCESSING", owner=owner, lease_until=now + lease_s, fence=messages.c.fence + 1,
                        updated=now)
                .returning(messages.c.message_key, messages.c.fence)
            )  # fmt: skip
            taken |= {key: Claim(message_key=key, fence=fence) for key, fence in connection.execute(statement)}
    return taken


def give_back(engine: Engine, owner: str) -> int:
    """How many mails this owner still held; they are PENDING now, for any run to take."""
    with engine.begin() as connection:
        result = connection.execute(
            update(messages)
            .where(messages.c.owner == owner, messages.c.state == "PROCESSING")
            .values(state="PENDING", owner="", lease_until=0.0, updated=time.time())
        )
    return result.rowcount


@contextmanager
def leases_kept(engine: Engine, owner: str, lease_s: float) -> Iterator[None]:
    """Renew the owner's leases while the body runs, and give back at its end what was not settled."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(lease_s / 3):
            with engine.begin() as connection:
                connection.execute(
                    update(messages)
                    .where(messages.c.owner == owner, messages.c.state == "PROCESSING")
                    .values(lease_until=time.time() + lease_s)
                )

    keeper = threading.Thread(target=renew, name="lease-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        give_back(engine, owner)


def load_raw(engine: Engine, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The kept mails of these keys: `message_key`, `source_id`, `target_language` and `raw` (bytes)."""
    for some in _batches(keys):
        with engine.begin() as connection:
            rows = connection.execute(select(raws).where(raws.c.message_key.in_(some))).all()
        for row in rows:
            yield {**row._asdict(), "raw": zlib.decompress(row.raw)}


def states_of(engine: Engine, keys: Iterable[str]) -> dict[str, str]:
    """The state of each of these mails that is known."""
    found: dict[str, str] = {}
    for some in _batches(keys):
        with engine.begin() as connection:
            wanted = select(messages.c.message_key, messages.c.state).where(messages.c.message_key.in_(some))
            found |= {key: state for key, state in connection.execute(wanted)}
    return found


def failed_keys(engine: Engine, error_types: Sequence[str] = ()) -> list[str]:
    """Keys of FAILED mails, oldest first; only of these error types when some are named.

    A mail with an ambiguous effect is left out: what became of it is for the reconciler and people to say first.
    """
    unclear = select(effects.c.message_key).where(effects.c.state == "ambiguous")
    wanted = (
        select(messages.c.message_key)
        .where(messages.c.state == "FAILED", messages.c.message_key.not_in(unclear))
        .order_by(messages.c.first_seen)
    )
    if error_types:
        wanted = wanted.where(messages.c.error_type.in_(error_types))
    with engine.begin() as connection:
        return list(connection.scalars(wanted))


def _free_the_dead(connection: Connection) -> None:
    owners = connection.scalars(select(messages.c.owner).where(messages.c.state == "PROCESSING").distinct()).all()
    for owner in owners:
        if owner and is_gone(owner):
            connection.execute(update(messages).where(messages.c.owner == owner).values(lease_until=0.0))


def _insert_new(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    everything = list(keys)
    for start in range(0, len(everything), _KEYS_A_STATEMENT):
        yield everything[start : start + _KEYS_A_STATEMENT]
