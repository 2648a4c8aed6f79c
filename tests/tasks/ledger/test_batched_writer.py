"""The writer's thread lives on, whatever becomes of a transaction or of its connection to the database."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from tasks.ledger.batched_writer import BatchedWriter, Handler
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import pseudonyms
from tasks.questions import RawAnswer, StoredAnswer, Usage
from tests.services.tcp_relay import tcp_relay


def keep(connection: Connection, names: list[str]) -> list[str]:
    connection.execute(insert(pseudonyms), [{"placeholder": name, "original": name} for name in names])
    return names


def fail(_connection: Connection, _rows: list[str]) -> list[str]:
    raise ZeroDivisionError


def cut_once() -> Handler:
    """A handler that ends the writer's own connection at first, as a restart of the database does."""
    first = [True]

    def cut(connection: Connection, names: list[str]) -> list[str]:
        if first and first.pop():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            raise OperationalError("INSERT", {}, Exception("the connection was lost"))
        return keep(connection, names)

    return cut


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


def test_a_connection_that_was_cut_is_made_anew_and_nothing_is_lost(any_ledger_url):
    writer = BatchedWriter(open_ledger(any_ledger_url), {"keep": keep, "cut": cut_once()})

    async def story():
        await asyncio.gather(writer.write("keep", "a"), writer.write("cut", "b"))
        return await writer.write("keep", "c")

    assert asyncio.run(story()) == "c"
    assert sorted(kept(any_ledger_url)) == ["a", "b", "c"]


def test_answers_in_hand_are_written_when_the_ledger_is_back(any_ledger_url):
    url = make_url(any_ledger_url)
    if url.get_backend_name() == "sqlite":
        pytest.skip("a file is never away")
    with tcp_relay(url.host or "", url.port or 5432) as relay:
        through = url.set(host="127.0.0.1", port=relay.port)
        engine = open_ledger(through.render_as_string(hide_password=False))
        book = LedgerBook(engine, run_id="run", ttl_s=60)

        async def story() -> StoredAnswer | None:
            call = await book.begin("k", message_key="m", question="q", provider="openai", model="m", key_index=0)
            relay.cut()
            answered = asyncio.ensure_future(
                book.finish(call, RawAnswer(text="{}", usage=Usage(), model="m", request_id=None), Decimal(1))
            )
            await asyncio.sleep(0)
            relay.up()
            await answered
            return await book.find("k")

        found = asyncio.run(story())
        engine.dispose()
    assert found is not None
    assert found.text == "{}"


def test_who_writes_after_a_pause_is_served(any_ledger_url, monkeypatch):
    monkeypatch.setattr("tasks.ledger.batched_writer._KEPT_S", 0.01)
    writer = BatchedWriter(open_ledger(any_ledger_url), {"keep": keep})

    async def story():
        await writer.write("keep", "a")
        await asyncio.sleep(0.2)
        return await writer.write("keep", "b")

    assert asyncio.run(story()) == "b"
    assert sorted(kept(any_ledger_url)) == ["a", "b"]
