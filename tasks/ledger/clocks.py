"""The ledger's clock: the database server's where several machines may share it, else this machine's."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, text


def database_time(connection: Connection, clock: Callable[[], float]) -> float:
    """UTC seconds by the clock that all users of this database share; `clock` is used where they are on one machine."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return clock()


def ledger_time(engine: Engine) -> float:
    """UTC seconds by the clock that all users of this ledger share."""
    if engine.dialect.name != "postgresql":
        return time.time()
    with engine.connect() as connection:
        return database_time(connection, time.time)
