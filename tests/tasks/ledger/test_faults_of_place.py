"""If the ledger cannot be used, `open_ledger` and the command line say why and what to do in one line."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tasks.errors import Misconfigured
from tasks.ledger.engine import open_ledger

ROOT = Path(__file__).resolve().parents[3]
_POSTGRES = "MAILROOM_TEST_POSTGRES_URL"


def refused(url: str) -> str:
    """What opening the ledger says, which is one line."""
    open_ledger.cache_clear()
    with pytest.raises(Misconfigured) as caught:
        open_ledger(url)
    assert "\n" not in caught.value.told
    return caught.value.told


def made(folder: Path) -> str:
    """The URL of a whole ledger in the folder, which is closed."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    open_ledger(url).dispose()
    return url


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    with suppress(OSError), (place / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_a_full_disk(small_disk):
    fill(small_disk)
    said = refused(f"sqlite:///{small_disk / 'ledger.db'}")
    assert "the disk is full" in said
    assert "Free some space" in said


def test_a_disk_that_can_only_be_read(small_disk):
    url = f"sqlite:///{small_disk / 'ledger.db'}"
    (small_disk / "ledger.db").touch()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert "can only be read" in refused(url)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file; needs another user")
def test_a_file_that_can_only_be_read(tmp_path):
    url = made(tmp_path)
    tmp_path.chmod(0o500)
    try:
        assert "this user" in refused(url)
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_another_process_holds_locked(tmp_path):
    url = made(tmp_path)
    code = (
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); print(1,flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "ledger.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout
        holder.stdout.readline()
        assert "another program holds it locked" in refused(f"{url}?timeout=0.2")
    finally:
        holder.communicate(b"\n")


@pytest.mark.parametrize("content", [b"no database at all\n" * 200, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_something_else(tmp_path, content):
    (tmp_path / "ledger.db").write_bytes(content)
    said = refused(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert "no SQLite database" in said or "damaged" in said


def test_a_damaged_file(tmp_path):
    url = made(tmp_path)
    with (tmp_path / "ledger.db").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 8000)
    assert "damaged" in refused(url)


def test_a_folder_in_the_files_place(tmp_path):
    assert "cannot be opened" in refused(f"sqlite:///{tmp_path}")
    assert tmp_path.stat().st_mode & 0o100, "the folder keeps its rights"


def test_a_missing_table_is_noticed_at_opening(any_ledger_url):
    with open_ledger(any_ledger_url).begin() as connection:
        connection.execute(text("DROP TABLE effects"))
    assert "lacks the tables effects" in refused(any_ledger_url)
    with create_engine(any_ledger_url).begin() as connection:
        connection.execute(text("CREATE TABLE effects (n INTEGER)"))  # so that what tidies up can open it


def test_a_database_of_another_program(tmp_path):
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('ca8a1f9c3d2b')")
    assert "another program's tables" in refused(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_tables_of_the_same_names_that_are_not_ours(tmp_path):
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("CREATE TABLE runs (n)")
    assert "not those that this program makes" in refused(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_postgresql_database_that_is_not_utf8(encoding):
    server = os.environ.get(_POSTGRES)
    if not server:
        pytest.skip(f"{_POSTGRES} names no PostgreSQL")
    name = f"mailroom_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        )
        try:
            said = refused(make_url(server).set(database=name).render_as_string(hide_password=False))
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
    assert f"has the encoding {encoding}" in said
    assert "ENCODING 'UTF8'" in said


def test_a_postgresql_database_that_is_not_there():
    server = os.environ.get(_POSTGRES)
    if not server:
        pytest.skip(f"{_POSTGRES} names no PostgreSQL")
    said = refused(make_url(server).set(database="mailroom_none").render_as_string(hide_password=False))
    assert "mailroom_none" in said


def test_the_command_line_says_it_in_one_line_and_ends_with_2(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"no database at all\n" * 200)
    code = "from deployments.cli.main import main; main()"
    env = os.environ | {"PYTHONPATH": str(ROOT), "MAILROOM_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}"}
    done = subprocess.run(
        [sys.executable, "-c", code, "costs"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("mailroom: The ledger at `sqlite:///")
    assert len(done.stderr.splitlines()) == 1
    assert "MAILROOM_LEDGER_URL" in done.stderr
