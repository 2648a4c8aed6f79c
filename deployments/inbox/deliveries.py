"""The ids of deliveries in the ledger, by which repeated deliveries are recognised."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, delete, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import deliveries


def find_deliveries(engine: Engine, ids: Sequence[str]) -> dict[str, str]:
    """The digests of the known ones of these deliveries, by id. Pass at most some hundred ids."""
    with reading(engine) as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.delivery_id.in_(ids)))
        return {row.delivery_id: row.digest for row in rows}


def note_deliveries(engine: Engine, taken: Sequence[tuple[str, str]], now: float) -> None:
    """Record these pairs of id and digest. A known id keeps its digest and gets the new time."""
    if not taken:
        return
    insert = insert_into(deliveries, engine.dialect.name)
    rows = [{"delivery_id": one, "digest": digest, "received_at": now} for one, digest in taken]
    noted = insert.on_conflict_do_update(
        index_elements=["delivery_id"], set_={"received_at": insert.excluded.received_at}
    )
    with engine.begin() as connection:
        connection.execute(noted, rows)


def forget_deliveries(engine: Engine, before: float) -> None:
    """Delete deliveries from before this time (UTC seconds)."""
    with engine.begin() as connection:
        connection.execute(delete(deliveries).where(deliveries.c.received_at < before))
