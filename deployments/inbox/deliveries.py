"""What was taken into the inbox: the ledger's memory of ids, so that a repetition is told from something new."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, delete, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import deliveries


def find_deliveries(engine: Engine, ids: Sequence[str]) -> dict[str, str]:
    """The digests of those deliveries that were taken before, by id; at most some hundred ids."""
    with reading(engine) as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.delivery_id.in_(ids)))
        return {row.delivery_id: row.digest for row in rows}


def note_deliveries(engine: Engine, taken: Sequence[tuple[str, str]], now: float) -> None:
    """Remember these (id, digest); one that is known keeps its digest and is remembered from now."""
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
    """Drop what was taken before this time."""
    with engine.begin() as connection:
        connection.execute(delete(deliveries).where(deliveries.c.received_at < before))
