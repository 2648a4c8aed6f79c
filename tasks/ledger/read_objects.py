"""The versions of a store's objects that were read completely, so that all of their mails are on record."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import read_objects


def versions_read(engine: Engine, source: str) -> dict[str, str]:
    """Return the recorded version of each object of this source, by its place."""
    wanted = select(read_objects.c.place, read_objects.c.version).where(read_objects.c.source == source[:512])
    with reading(engine) as connection:
        return {place: version for place, version in connection.execute(wanted)}


def record_read(engine: Engine, source: str, versions: Mapping[str, str]) -> None:
    """Record that these versions of the source's objects, by place, were read. They replace older versions."""
    rows = [{"source": source[:512], "place": place, "version": version} for place, version in versions.items()]
    with engine.begin() as connection:
        insert = insert_into(read_objects, connection.dialect.name)
        newer = insert.on_conflict_do_update(
            index_elements=["source", "place"], set_={"version": insert.excluded.version}
        )
        connection.execute(newer, rows)
