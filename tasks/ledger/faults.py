"""Turns a database's error into what is wrong with the ledger and what to do, without the error's own text."""

from __future__ import annotations

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tasks.errors import Misconfigured

_FULL = ("the disk is full", "Free some space")
_READ_ONLY = (
    "it can only be read",
    "Let this user write the file and its folder, or choose another place by MAILROOM_LEDGER_URL",
)
_DAMAGED = (
    "the file is damaged",
    "Move it and the files `-wal` and `-shm` beside it away, and restore a backup or `sqlite3 ledger.db .recover` it",
)
_REFUSED = (
    "the database refused the user or its rights",
    "Check user, password and rights; the user must make tables once",
)
_OTHER_TABLES = (
    "its tables are not those that this program makes",
    "Point MAILROOM_LEDGER_URL at an empty database, or restore a backup",
)
# Prefixes of SQLite's error names; the longer ones come first.
_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_BUSY": ("another program holds it locked", "End that program (`fuser` names it) or wait for it"),
    "SQLITE_NOTADB": ("the file is no SQLite database", "Point MAILROOM_LEDGER_URL at another file, or move this one"),
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_IOERR": ("the disk failed to read or write", "Check the disk, its free space and the file system's log"),
    "SQLITE_CANTOPEN": (
        "the file cannot be opened",
        "Check that it is a file, and that this user may write its folder",
    ),
    "SQLITE_ERROR": _OTHER_TABLES,
}
# PostgreSQL's SQLSTATE, or its first two characters.
_POSTGRES = {
    "53100": _FULL,
    "25006": ("it can only be read", "Point MAILROOM_LEDGER_URL at the primary server, which can be written"),
    "3D000": ("there is no such database", "Make it with CREATE DATABASE … ENCODING 'UTF8'"),
    "53300": ("the database has no connection left", "Raise its max_connections, or run fewer workers"),
    "42501": _REFUSED,
    "28": _REFUSED,
    "42": _OTHER_TABLES,
}
_AWAY = ("it cannot be reached", "Check MAILROOM_LEDGER_URL and that the database is up")


def unusable(error: SQLAlchemyError, url: URL | None = None) -> Misconfigured:
    """The error as one line for the operator. Where `url` is given, it names the ledger without the password."""
    happened, remedy = _known(error)
    place = f" at `{url.render_as_string(hide_password=True)}`" if url else ""
    error_for_operator = Misconfigured(f"The ledger{place} cannot be used: {happened} ({type(error).__name__}).")
    error_for_operator.advice = f"{remedy}, and run again."
    return error_for_operator


def _known(error: SQLAlchemyError) -> tuple[str, str]:
    cause = error.orig if isinstance(error, DBAPIError) else None
    name = getattr(cause, "sqlite_errorname", None)
    if name is not None:
        return next((known for start, known in _SQLITE.items() if name.startswith(start)), _AWAY)
    state = getattr(cause, "sqlstate", None) or ""
    return next((known for start, known in _POSTGRES.items() if state.startswith(start)), _AWAY)
