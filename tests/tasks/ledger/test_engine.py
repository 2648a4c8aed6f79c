import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import IntegrityError

from tasks.errors import Misconfigured
from tasks.ledger.engine import HEAD, MIGRATIONS, open_ledger
from tasks.ledger.schema import metadata, totals


def test_migrations_make_just_the_tables_that_the_code_knows(ledger_url):
    with open_ledger(ledger_url).begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_that_is_asked_for():
    assert max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")) == HEAD


def test_an_error_of_the_database_does_not_tell_what_was_to_be_written(ledger_url):
    row = {"measure": "m", "labels": "the words of a mail", "name": "n", "value": 1}
    engine = open_ledger(ledger_url)
    with engine.begin() as connection:
        connection.execute(insert(totals), [row])

    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(insert(totals), [row])

    assert "the words of a mail" not in str(caught.value)


def test_a_ledger_of_a_newer_program_is_refused(ledger_url):
    open_ledger(ledger_url).dispose()
    with create_engine(ledger_url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    open_ledger.cache_clear()

    with pytest.raises(Misconfigured, match="9999"):
        open_ledger(ledger_url)


def test_a_ledger_that_cannot_be_reached_is_named_without_its_password():
    with pytest.raises(Misconfigured) as caught:
        open_ledger("postgresql+psycopg://user:secret-word@127.0.0.1:9/none?connect_timeout=1")

    assert "127.0.0.1:9" in str(caught.value)
    assert "secret-word" not in str(caught.value)


def test_a_folder_that_is_not_there_is_made(tmp_path: Path):
    open_ledger(f"sqlite:///{tmp_path / 'a' / 'b' / 'ledger.db'}")

    assert (tmp_path / "a" / "b" / "ledger.db").exists()


def test_a_new_ledger_is_opened_while_another_process_writes_its_first_page(tmp_path: Path):
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.3, other.execute, ["ROLLBACK"])
    soon.start()
    engine = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    soon.join()
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    other.close()


def test_threads_that_open_new_ledgers_at_once_all_get_one(tmp_path: Path):
    urls = [f"sqlite:///{tmp_path / str(number % 4)}.db" for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        engines = list(threads.map(open_ledger, urls))
    for engine in engines:
        with engine.begin() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
