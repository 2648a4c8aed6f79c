"""Whose clock counts: the database's where several machines may share it, else this machine's."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, text


def database_time(connection: Connection, clock: Callable[[], float]) -> float:
    """UTC seconds by the one clock that all who share this database go by; `clock` is it where that is one machine."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return clock()


def ledger_time(engine: Engine) -> float:
    """UTC seconds by the clock that all who share this ledger go by."""
    if engine.dialect.name != "postgresql":
        return time.time()
    with engine.connect() as connection:
        return database_time(connection, time.time)
