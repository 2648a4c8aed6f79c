"""Which deliveries were received: the ledger's memory of ids, so that a repeated post is told from a new one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from sqlalchemy import Column, Engine, Float, MetaData, String, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, ProgrammingError

from deployments.receiver.signature import Proof
from tasks.ledger.engine import open_ledger

_metadata = MetaData()

deliveries = Table(
    "deliveries",
    _metadata,
    Column("delivery_id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("received_at", Float, nullable=False, index=True),
)


@cache
def open_deliveries(ledger_url: str) -> Engine:
    """The ledger's engine, with the table of deliveries made where it is not there yet."""
    engine = open_ledger(ledger_url)
    # Two receivers that start together may both see no table; the one that comes second is told so, and looks again.
    with suppress(IntegrityError, ProgrammingError):
        _metadata.create_all(engine)
    _metadata.create_all(engine)
    return engine


def find_deliveries(engine: Engine, ids: Sequence[str]) -> dict[str, str]:
    """The digests of those deliveries that were received before, by id."""
    with engine.connect() as connection:
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
