"""Ledgers in both databases, SQLite and a real PostgreSQL where one is named."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text

from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import breakers, runs

_POSTGRES = "MAILROOM_TEST_POSTGRES_URL"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ledger_url(request: pytest.FixtureRequest, ledger_url: str) -> Iterator[str]:
    """A fresh ledger that several processes may open, in SQLite and in a schema of its own in PostgreSQL."""
    if request.param == "sqlite":
        yield ledger_url
        return
    server = os.environ.get(_POSTGRES)
    if not server:
        pytest.skip(f"{_POSTGRES} names no PostgreSQL")
    with postgres_ledger(server) as url:
        yield url


@contextmanager
def postgres_ledger(server: str) -> Iterator[str]:
    """A fresh ledger in a schema of its own, which is gone afterwards."""
    name = f"mailroom_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    url = f"{server}?options=-csearch_path%3D{name}"
    try:
        yield url
    finally:
        open_ledger(url).dispose()
        with engine.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


def circuits(engine: Engine) -> dict[str, str]:
    """The state of each circuit that was ever open, by provider."""
    with engine.begin() as connection:
        return {row.provider: row.state for row in connection.execute(select(breakers))}


def estimate_of(engine: Engine, run_id: str) -> dict[str, Any] | None:
    """What the run was expected to cost; null when nobody estimated it."""
    with engine.begin() as connection:
        return connection.scalar(select(runs.c.estimate).where(runs.c.run_id == run_id))
