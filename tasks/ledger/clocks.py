"""Whose clock counts: the database's where several machines may share it, else this machine's."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text


def database_time(connection: Connection, clock: Callable[[], float]) -> float:
    """UTC seconds by the one clock that all who share this database go by; `clock` is it where that is one machine."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return clock()
