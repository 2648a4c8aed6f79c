"""Which deliveries were received: the ledger's memory of ids, so that a repeated post is told from a new one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from deployments.receiver.signature import Proof
from tasks.ledger.schema import deliveries


def find_deliveries(engine: Engine, ids: Sequence[str]) -> dict[str, str]:
    """The digests of those deliveries that were received before, by id."""
    with engine.begin() as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.delivery_id.in_(ids)))
        return {row.delivery_id: row.digest for row in rows}


def note_deliveries(engine: Engine, proofs: Sequence[Proof], now: float) -> None:
    """Remember these deliveries; one that another receiver noted meanwhile stays as it is."""
    if not proofs:
        return
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    rows = [{"delivery_id": proof.delivery_id, "digest": proof.digest, "received_at": now} for proof in proofs]
    with engine.begin() as connection:
        connection.execute(dialect.insert(deliveries).on_conflict_do_nothing(), rows)


def forget_deliveries(engine: Engine, before: float) -> None:
    """Drop what was received before this time."""
    with engine.begin() as connection:
        connection.execute(delete(deliveries).where(deliveries.c.received_at < before))
