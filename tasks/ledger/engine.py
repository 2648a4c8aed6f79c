"""Opening the ledger: connections that wait instead of failing, and a schema brought up to date on first use."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from tasks.errors import Misconfigured
from tasks.ledger.faults import unusable
from tasks.ledger.schema import metadata
from tasks.private_files import make_file, make_folder

if TYPE_CHECKING:
    import psycopg

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0017"  # the newest migration; a test holds it to the folder
_OURS = re.compile(r"\d{4}")  # how our migrations are numbered
_MIGRATION_LOCK = 4_815_162_342
_CONNECT_S = 10  # for a PostgreSQL server that does not answer; the URL's `connect_timeout` overrides it
_LOCKED_S = 60.0  # how long to wait for SQLite's lock; the URL's `timeout` overrides it
_ONLY_READS = "mailroom_only_reads"
_migrating = threading.Lock()  # Alembic keeps its context in globals, so only one thread may migrate


def to_json(value: object) -> str:
    """The value in the form in which the ledger's JSON columns store it."""
    return orjson.dumps(value).decode()


# Parameters would show mails in errors and logs.
_OPTIONS: dict[str, Any] = {"hide_parameters": True, "json_serializer": to_json, "json_deserializer": orjson.loads}


@cache
def open_ledger(url: str) -> Engine:
    """The process's engine for this ledger, migrated to today's schema.

    Raises:
        Misconfigured: The database cannot be reached or written, is newer than this program, is not in UTF-8 or holds
            other tables than the ledger's, or its driver is not installed.
    """
    parsed = make_url(url)
    try:
        engine = _make_engine(parsed)
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"The ledger at `{parsed.render_as_string(hide_password=True)}` needs `{error.name}`, which is not "
            "installed. For PostgreSQL: pip install 'mailroom[postgres]'."
        ) from error
    try:
        with _migrating:
            _migrate(engine)
    except SQLAlchemyError as error:
        raise unusable(error, parsed) from error
    return engine


def _make_engine(parsed: URL) -> Engine:
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            _make_private(Path(parsed.database))
        return _sqlite(parsed, "FULL")  # a claimed effect must survive a power cut
    return _postgres(parsed)


def _postgres(url: URL) -> Engine:
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_S}
    engine = create_engine(url, connect_args=patience, pool_size=8, max_overflow=16, pool_pre_ping=True, **_OPTIONS)

    # This check comes first: SQLAlchemy cannot even read the version of a database without an encoding.
    @event.listens_for(engine, "connect", insert=True)
    def check_encoding(connection: psycopg.Connection, _record: object) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise Misconfigured(
                f"The ledger's database `{url.database}` has the encoding {encoding}, which cannot hold every mail. "
                "Make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, "
                "and name it in MAILROOM_LEDGER_URL."
            )

    return engine


def _make_private(path: Path) -> None:
    """Create the ledger's file, readable by this user only. SQLite gives the files beside it the same permissions.

    Raises:
        Misconfigured: Its folder cannot be made.
    """
    try:
        make_folder(path.parent)
    except OSError as error:
        raise Misconfigured(f"The ledger's folder `{path.parent}` cannot be made: {error.strerror}.") from error
    if path.is_dir():
        return  # SQLite says so
    with suppress(OSError):  # another user's file that this user may read, or a read-only place
        make_file(path)


def for_many_writes(engine: Engine) -> Engine:
    """An engine over the same ledger for many small transactions of one thread. SQLite does not sync them to disk.

    They survive a killed process. A power cut may lose those after the latest transaction of another engine.
    """
    return _sqlite(engine.url, "NORMAL") if engine.dialect.name == "sqlite" else engine


def _sqlite(url: URL, synchronous: str) -> Engine:
    wait_s = float(str(url.query.get("timeout", _LOCKED_S)))
    engine = create_engine(url, connect_args={"timeout": wait_s}, pool_size=8, **_OPTIONS)

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is sent below: the driver's own transactions leave out DDL
        _use_wal.retry_with(stop=stop_after_delay(wait_s))(connection)  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA cache_size=-1000")  # kB, for each of a dozen connections; twice that is the default
        connection.execute(f"PRAGMA busy_timeout={int(wait_s * 1000)}")

    @event.listens_for(engine, "begin")
    def begin_for_writing(connection: Connection) -> None:
        # A transaction that reads first and then writes gets SQLITE_BUSY at once if another one writes. One that takes
        # the write lock at its start waits instead. This lock also does the work of FOR UPDATE, which SQLite lacks.
        only_reads = connection.get_execution_options().get(_ONLY_READS, False)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")

    return engine


def is_away(error: Exception) -> bool:
    """Whether the database cannot be reached or is too busy, so that the same transaction may succeed later."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    # SQLite says so of a table that does not exist, too.
    return isinstance(error, OperationalError) and "no such" not in str(error.orig)


@retry(
    retry=retry_if_exception_message(match="database is locked"), wait=wait_random(0.01, 0.05), reraise=True,
)  # fmt: skip
def _use_wal(connection: sqlite3.Connection) -> None:
    # If several processes open a new ledger at once, SQLite makes one of them fail despite its time-out.
    connection.execute("PRAGMA journal_mode=WAL")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only transaction that sees one state of the ledger. In SQLite it does not block writers."""
    with engine.connect() as connection:
        only_reads = connection.execution_options(**{_ONLY_READS: True})
        with only_reads.begin():
            yield only_reads


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            _check_tables(connection)
            return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
        version = _version(connection)
        if version == HEAD:
            return
        if version is not None and not _OURS.fullmatch(version):
            raise Misconfigured(
                "The ledger's database holds another program's tables, such as Prefect's. "
                "Point MAILROOM_LEDGER_URL at a database of its own."
            )
        if version is not None and version > HEAD:
            raise Misconfigured(
                f"The ledger's schema is at {version}, this program knows up to {HEAD}. Use the newer program."
            )
        _upgrade(connection)
        _check_tables(connection)


def _check_tables(connection: Connection) -> None:
    missing = metadata.tables.keys() - set(inspect(connection).get_table_names())
    if missing:
        raise Misconfigured(
            f"The ledger lacks the tables {', '.join(sorted(missing))}: it is damaged. "
            "Restore a backup, or point MAILROOM_LEDGER_URL at a new place."
        )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
