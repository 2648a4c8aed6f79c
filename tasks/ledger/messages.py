"""Every mail that was seen, with its bytes and where it was seen."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Table, select

from tasks.ledger.clocks import database_time
from tasks.ledger.engine import reading
from tasks.ledger.likely_copies import find_earlier
from tasks.ledger.rows import in_batches, insert_into, write_rows
from tasks.ledger.schema import effects, messages, raws, sightings

_SHORT_BYTES = 2_000


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A mail from a source. `place` is where in the source it is, `raw` its bytes."""

    message_key: str
    source: str
    place: str
    source_id: str
    raw: bytes
    message_id: str | None = None
    likeness: str = ""
    target_language: str | None = None


def record_seen(engine: Engine, seen: Sequence[Seen]) -> None:
    """Record these mails, where they were seen, and their bytes. Mails on record stay as they are."""
    if not seen:
        return
    packed = [_packed(one.raw) for one in seen]
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        earlier = find_earlier(connection, seen)
        insert_new(
            connection,
            messages,
            [
                {"message_key": one.message_key, "state": "PENDING", "retry": False, "fence": 0, "owner": "",
                 "lease_until": 0.0, "message_id": one.message_id, "likeness": one.likeness or None,
                 "likely_of": earlier.get(one.message_key), "first_seen": now, "updated": now}
                for one in seen
            ],
        )  # fmt: skip
        insert_new(
            connection,
            sightings,
            [
                {"source": one.source, "place": one.place, "message_key": one.message_key, "seen_at": now}
                for one in seen
            ],
        )
        insert_new(
            connection,
            raws,
            [
                {"message_key": one.message_key, "source_id": one.source_id, "stored_at": now,
                 "target_language": one.target_language, "raw": raw}
                for one, raw in zip(seen, packed, strict=True)
            ],
        )  # fmt: skip


def _packed(raw: bytes) -> bytes:
    # Compressing a short mail saves little and takes ten times as long as storing it uncompressed.
    return zlib.compress(raw, 0, 9) if len(raw) < _SHORT_BYTES else zlib.compress(raw, 1)


def load_raw(engine: Engine, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The mails with these keys whose bytes are kept: `message_key`, `source_id`, `target_language`, `raw` (bytes)."""
    for some in in_batches(keys):
        with reading(engine) as connection:
            rows = connection.execute(select(raws).where(raws.c.message_key.in_(some))).all()
        for row in rows:
            yield {**row._asdict(), "raw": zlib.decompress(row.raw)}


def states_of(engine: Engine, keys: Iterable[str]) -> dict[str, str]:
    """The state of each of these mails, by key; unknown mails are left out."""
    found: dict[str, str] = {}
    for some in in_batches(keys):
        with reading(engine) as connection:
            wanted = select(messages.c.message_key, messages.c.state).where(messages.c.message_key.in_(some))
            found |= {key: state for key, state in connection.execute(wanted)}
    return found


def message_ids_of(engine: Engine, keys: Iterable[str]) -> dict[str, str]:
    """The Message-ID, without brackets, of each of these mails that has one."""
    found: dict[str, str] = {}
    for some in in_batches(keys):
        wanted = select(messages.c.message_key, messages.c.message_id).where(messages.c.message_key.in_(some))
        with reading(engine) as connection:
            found |= {key: message_id for key, message_id in connection.execute(wanted) if message_id}
    return found


def failed_keys(engine: Engine, error_types: Sequence[str] = ()) -> list[str]:
    """Keys of FAILED mails, oldest first; only those with these error types when some are given.

    A mail with an ambiguous effect is left out: the reconciler or a person must settle the effect first.
    """
    unclear = select(effects.c.message_key).where(effects.c.state == "ambiguous")
    wanted = (
        select(messages.c.message_key)
        .where(messages.c.state == "FAILED", messages.c.message_key.not_in(unclear))
        .order_by(messages.c.first_seen)
    )
    if error_types:
        wanted = wanted.where(messages.c.error_type.in_(error_types))
    with reading(engine) as connection:
        return list(connection.scalars(wanted))


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Write these rows; those that are known stay as they are."""
    write_rows(connection, _unless_known(table, connection.dialect.name), rows)


@cache
def _unless_known(table: Table, dialect: str) -> Insert:
    new: Insert = insert_into(table, dialect).on_conflict_do_nothing()
    return new
