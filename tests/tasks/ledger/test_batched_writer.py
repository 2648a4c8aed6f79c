"""The writer's thread lives on, whatever becomes of a transaction or of its connection to the database."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from tasks.ledger.batched_writer import BatchedWriter
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import pseudonyms


def keep(connection: Connection, names: list[str]) -> list[str]:
    connection.execute(insert(pseudonyms), [{"placeholder": name, "original": name} for name in names])
    return names


def fail(_connection: Connection, _rows: list[str]) -> list[str]:
    raise ZeroDivisionError


def cut(connection: Connection, _rows: list[str]) -> list[str]:
    """Ends the writer's own connection, as a restart of the database does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    connection.connection.driver_connection.close()
    return keep(connection, ["nothing"])


def kept(url: str) -> list[str]:
    with open_ledger(url).begin() as connection:
        return list(connection.scalars(select(pseudonyms.c.placeholder)))


def test_what_fails_fails_for_all_who_wrote_together_and_the_next_are_written(any_ledger_url):
    writer = BatchedWriter(open_ledger(any_ledger_url), {"keep": keep, "fail": fail})

    async def story():
        first = await asyncio.gather(writer.write("keep", "a"), writer.write("fail", "b"), return_exceptions=True)
        return first, await writer.write("keep", "c")

    first, second = asyncio.run(story())
    assert [type(answer) for answer in first] == [ZeroDivisionError, ZeroDivisionError]
    assert second == "c"
    assert kept(any_ledger_url) == ["c"]


def test_a_connection_that_was_cut_is_made_anew(any_ledger_url):
    writer = BatchedWriter(open_ledger(any_ledger_url), {"keep": keep, "cut": cut})

    async def story():
        await writer.write("keep", "a")
        with pytest.raises(SQLAlchemyError):
            await writer.write("cut", "")
        return await writer.write("keep", "b")

    assert asyncio.run(story()) == "b"
    assert sorted(kept(any_ledger_url)) == ["a", "b"]


def test_who_writes_after_a_pause_is_served(any_ledger_url, monkeypatch):
    monkeypatch.setattr("tasks.ledger.batched_writer._KEPT_S", 0.01)
    writer = BatchedWriter(open_ledger(any_ledger_url), {"keep": keep})

    async def story():
        await writer.write("keep", "a")
        await asyncio.sleep(0.2)
        return await writer.write("keep", "b")

    assert asyncio.run(story()) == "b"
    assert sorted(kept(any_ledger_url)) == ["a", "b"]
