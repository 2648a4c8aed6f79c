"""The inbox: files are durable once they are put, and deleted only when their mails are on record."""

from __future__ import annotations

import hashlib
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.errors import SourceError
from tasks.ingest.openings import opening_for
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.mailbox import inbox
from tasks.mailbox.inbox import InboxSource
from tasks.mailbox.kinds import Opening
from tasks.mailbox.raw import RawMail
from tasks.mailbox.sources import open_source
from tasks.settings import Settings

MAIL = b"Subject: a\n\nText.\n"
TABLE = b"id,content,sender,subject\n1,a,a@example.com,s\n1,b,a@example.com,s\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return inbox.folder_of(tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> InboxSource:
    opened = open_source("inbox:", Opening(data_dir=tmp_path))
    assert isinstance(opened, InboxSource)
    return opened


def put_at(folder: Path, when: int, raw: bytes, name: str) -> Path:
    path = inbox.put(folder, raw, name)
    os.utime(path, ns=(when, when))
    return path


def test_an_empty_inbox_is_no_error(source, folder):
    assert (list(source.read()), source.count(), inbox.count(folder)) == ([], 0, 0)


def test_mails_come_in_the_order_they_arrived(source, folder):
    for when, name in enumerate(["c.eml", "a.eml", "b.eml"]):
        put_at(folder, when, MAIL, name)
    assert [(row.place, row.origin.source) for row in source.read()] == [
        ("c.eml", "inbox:"),
        ("a.eml", "inbox:"),
        ("b.eml", "inbox:"),
    ]
    assert source.count() == 3


def test_a_file_goes_when_all_its_mails_are_on_record_and_not_before(source, folder):
    table, mail = put_at(folder, 1, TABLE, "t.csv"), put_at(folder, 2, MAIL, "a.eml")
    rows = list(source.read())
    assert [row.place for row in rows] == ["t.csv#1", "t.csv#1", "a.eml"]

    source.settled([rows[0].place])
    assert table.exists()
    source.settled([rows[1].place])
    assert (table.exists(), mail.exists()) == (False, True)
    source.settled([rows[2].place])
    assert inbox.count(folder) == 0


def test_a_file_whose_mails_are_settled_while_it_is_still_read_goes_at_its_end(source, folder):
    put_at(folder, 1, TABLE, "t.csv")
    for row in source.read():
        source.settled([row.place])
        assert inbox.count(folder) == 1
    assert inbox.count(folder) == 0


def test_what_was_not_settled_is_read_again(tmp_path, source, folder):
    inbox.put(folder, MAIL, "a.eml")
    first = list(source.read())
    assert list(open_source("inbox:", Opening(data_dir=tmp_path)).read()) == first


def test_a_file_that_could_not_all_be_read_is_kept(source, folder):
    inbox.put(folder, b"id,text\n1,x\n", "t.csv")
    (row,) = source.read()
    assert "lacks the columns" in row.problem
    assert not row.foreign

    source.settled([row.place])

    assert inbox.count(folder) == 0
    assert (folder / "unreadable" / "t.csv").read_bytes() == b"id,text\n1,x\n"


def test_whatever_was_put_is_taken_for_mail(source, folder):
    inbox.put(folder, b"no header, no ending", "x")
    assert [(row.raw, row.problem) for row in source.read()] == [(b"no header, no ending", "")]


def test_archives_in_the_inbox_are_read(source, folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.eml", MAIL)
        archive.writestr("LICENSE", b"MIT")
    inbox.put(folder, (tmp_path / "a.zip").read_bytes(), "a.zip")
    rows = list(source.read())
    source.settled([row.place for row in rows])
    assert [row.foreign for row in rows] == [False, True]
    assert inbox.count(folder) == 0


def test_the_same_name_again_overwrites_and_is_not_removed_for_the_old_one(source, folder):
    inbox.put(folder, MAIL, "a.eml")
    (row,) = source.read()
    inbox.put(folder, MAIL + b"more", "a.eml")
    source.settled([row.place])
    assert [file.read_bytes() for file in inbox.list_files(folder)] == [MAIL + b"more"]


def test_two_runs_at_once_do_not_trip_over_each_other(tmp_path, source, folder):
    for number in range(3):
        put_at(folder, number, MAIL, f"{number}.eml")
    other = open_source("inbox:", Opening(data_dir=tmp_path))
    assert isinstance(other, InboxSource)
    reading = source.read()
    mine = [next(reading)]
    theirs = list(other.read())
    other.settled([row.place for row in theirs])
    assert [*mine, *reading] == [theirs[0]]
    source.settled([row.place for row in mine])
    assert inbox.count(folder) == 0


def test_puts_from_many_threads_leave_whole_files_and_nothing_else(folder):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: inbox.put(folder, MAIL * number, f"{number % 50}.eml"), range(200)))
    assert sorted(os.listdir(folder)) == sorted(f"{number}.eml" for number in range(50))
    assert all(file.read_bytes().replace(MAIL, b"") == b"" for file in inbox.list_files(folder))


def test_a_put_that_fails_leaves_nothing(folder):
    folder.mkdir()
    (folder / "taken.eml").mkdir()
    with pytest.raises(IsADirectoryError):
        inbox.put(folder, MAIL, "taken.eml")
    assert os.listdir(folder) == ["taken.eml"]


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../a", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(folder, name):
    with pytest.raises(ValueError, match="no name for a file"):
        inbox.put(folder, MAIL, name)


def test_files_a_dead_process_was_writing_are_swept_up_after_a_day(tmp_path, folder):
    folder.mkdir()
    old, fresh = folder / f"{inbox.WRITING}old", folder / f"{inbox.WRITING}fresh"
    for path in (old, fresh):
        path.write_bytes(b"ha")
    os.utime(old, (0, 0))
    assert list(open_source("inbox:", Opening(data_dir=tmp_path)).read()) == []
    assert (old.exists(), fresh.exists()) == (False, True)


def test_mails_of_a_run_that_died_come_from_the_ledger_when_their_file_is_gone(tmp_path, ledger_url, folder):
    engine = open_ledger(ledger_url)
    opening = opening_for(engine, Settings(data_dir=tmp_path))
    put_at(folder, 1, MAIL, "a.eml")
    put_at(folder, 2, TABLE.replace(b"\n1,b", b"\n2,b"), "t.csv")
    source = open_source("inbox:", opening)
    assert isinstance(source, InboxSource)
    rows = list(source.read())
    record_seen(engine, [_seen(row) for row in rows])
    source.settled([row.place for row in rows])

    again = list(open_source("inbox:", opening).read())

    assert [(row.place, row.raw, row.source_id) for row in again] == [
        (row.place, row.raw, row.source_id) for row in rows
    ]


def _seen(row: RawMail) -> Seen:
    key = hashlib.sha256(row.raw).hexdigest()
    return Seen(message_key=key, source=row.origin.source, place=row.place, source_id=row.source_id, raw=row.raw)


def test_the_inbox_has_one_address():
    with pytest.raises(SourceError, match="takes nothing after it"):
        open_source("inbox:elsewhere")
