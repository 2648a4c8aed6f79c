"""Files with mail are readable only by their owner, whatever the umask is."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.act.tables import add_row
from tasks.ledger.engine import open_ledger
from tasks.mailbox import inbox
from tasks.private_files import make_file, make_folder
from tasks.report.files import OutcomeFiles


@pytest.fixture(params=[0o000, 0o022, 0o027], ids=oct, autouse=True)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> set[str]:
    """The rights of everything in the folder and of the folder itself."""
    return {
        f"{'folder' if path.is_dir() else 'file'} {stat.S_IMODE(path.stat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
    }


OWNER_ALONE = {"folder 700", "file 600"}


def test_the_ledger(tmp_path: Path) -> None:
    engine = open_ledger(f"sqlite:///{tmp_path / 'data' / 'of mail' / 'ledger.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE written (a)")  # so that the files beside it are there
        assert modes(tmp_path / "data") == OWNER_ALONE
    engine.dispose()


def test_a_ledger_that_others_could_read_until_now(tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"
    sqlite3.connect(place).close()
    place.chmod(0o644)
    open_ledger(f"sqlite:///{place}").dispose()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_inbox(tmp_path: Path) -> None:
    inbox.put(tmp_path / "data" / "inbox", b"Subject: x\r\n\r\nText", "one.eml")
    assert modes(tmp_path / "data") == OWNER_ALONE


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_tables_that_rows_are_added_to(tmp_path: Path, name: str) -> None:
    assert add_row(str(tmp_path / "tables" / name), {"effect_id": "e1", "subject": "x"})
    assert modes(tmp_path / "tables") == OWNER_ALONE


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [(0o600, OWNER_ALONE), (0o640, {"folder 750", "file 640"}), (0o644, {"folder 755", "file 644"})],
)
def test_outcome_files_are_as_the_operator_says(tmp_path: Path, mode: int, wanted: set[str]) -> None:
    with OutcomeFiles(tmp_path / "out" / "run", mode):
        assert modes(tmp_path / "out") == wanted
    assert modes(tmp_path / "out") == wanted


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o750)
    make_folder(shared)
    make_file(shared / "mail")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o750
    assert stat.S_IMODE((shared / "mail").stat().st_mode) == 0o600
