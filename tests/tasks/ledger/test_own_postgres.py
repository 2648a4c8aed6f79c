"""A PostgreSQL server that dies, fills its disk or can only be read: what is in hand is kept, what is wrong is said."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.faults import unusable
from tasks.questions import RawAnswer, StoredAnswer, Usage
from tests.services.own_postgres import OwnPostgres, own_postgres


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user may enter; pytest's own are closed to others."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def server(place: Path) -> Iterator[OwnPostgres]:
    with own_postgres(place) as one:
        yield one


@pytest.fixture
def ledger(server: OwnPostgres) -> Iterator[Engine]:
    engine = open_ledger(server.url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("away_s", [2.0, pytest.param(60.0, marks=pytest.mark.soak)])
def test_an_answer_in_hand_outlives_a_server_that_was_killed(server, ledger, away_s):
    book = LedgerBook(ledger, run_id="run", ttl_s=600)

    async def story() -> StoredAnswer | None:
        call = await book.begin("k", message_key="m", question="q", provider="openai", model="m", key_index=0)
        server.kill()
        answer = RawAnswer(text="{}", usage=Usage(), model="m", request_id=None)
        written = asyncio.ensure_future(book.finish(call, answer, Decimal(1)))
        await asyncio.sleep(away_s)
        assert not written.done()
        await asyncio.to_thread(server.start)
        await written
        return await book.find("k")

    found = asyncio.run(story())
    assert found is not None
    assert found.text == "{}"


def test_a_server_that_can_only_be_read_is_told_so(server, ledger):
    server.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    server.sql("SELECT pg_reload_conf()")
    ledger.dispose()
    said = fault(ledger, "CREATE TABLE anything (a integer)")
    assert "it can only be read" in said
    assert "primary server" in said


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of 110 MB, which a new cluster fills by half."""
    disk = place / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=110m", "tmpfs", disk]).returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_server_whose_disk_is_full_is_told_so(small_disk):
    with own_postgres(small_disk) as server:
        engine = open_ledger(server.url)
        # Unlogged, so that the table fills the disk, and not the log, whose end is the server's.
        filling = "CREATE UNLOGGED TABLE filler AS SELECT repeat(md5(n::text), 60) FROM generate_series(1, 200000) n"
        said = fault(engine, filling)
        engine.dispose()
    assert "the disk is full" in said
    assert "Free some space" in said


def fault(engine: Engine, statement: str) -> str:
    """What the operator is told of a statement that fails."""
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text(statement))
    return unusable(caught.value).told
