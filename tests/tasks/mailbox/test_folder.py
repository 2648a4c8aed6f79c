"""Folders and Maildirs: every file gives at least one row, in a stable order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.mailbox.raw import RawMail
from tasks.mailbox.sources import open_source


def mail(subject: str) -> bytes:
    return f"Subject: {subject}\n\nText.\n".encode()


def write(root: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    return tmp_path / "mail"


def ids(rows: list[RawMail]) -> list[str]:
    return [row.source_id for row in rows]


def test_files_come_by_name_with_their_path_inside_as_id(tmp_path):
    write(tmp_path, **{"b.eml": mail("b"), "a/z.eml": mail("z"), "a/y": mail("y"), "c.txt": mail("c")})
    source = open_source(str(tmp_path))
    assert ids(list(source.read())) == ["a/y", "a/z.eml", "b.eml", "c.txt"]
    assert source.count() == 4


def test_every_file_gives_a_row_and_what_is_no_mail_says_so(tmp_path):
    write(
        tmp_path,
        **{
            "1.eml": mail("1"),
            "2.mbox": b"From a Fri Nov 13 10:00:00 2026\nSubject: x\n\nx\n\n" * 2,
            "3.csv": b"id,content,sender,subject\nrow,Hi,a@example.com,s\n",
            "LICENSE": b"Permission is hereby granted",
            "empty.eml": b"",
            "list.json": b'{"a": 1}',
            "numbers.csv": b"a,b\n1,2\n",
            ".hidden": b"\x00\x01",
        },
    )
    rows = list(open_source(str(tmp_path)).read())

    assert [(row.source_id, row.foreign, bool(row.problem)) for row in rows] == [
        (".hidden", True, True),
        ("1.eml", False, False),
        ("2.mbox#1", False, False),
        ("2.mbox#2", False, False),
        ("row", False, False),
        ("LICENSE", True, True),
        ("empty.eml", False, True),
        ("list.json", True, True),
        ("numbers.csv", True, True),
    ]
    assert len({row.place for row in rows}) == len(rows)


def test_tables_of_one_folder_keep_rows_with_the_same_id_apart(tmp_path):
    table = b"id,content,sender,subject\n1,Hi,a@example.com,s\n"
    write(tmp_path, **{"a.csv": table, "b.csv": table})
    rows = list(open_source(str(tmp_path)).read())
    assert [(row.source_id, row.place) for row in rows] == [("1", "a.csv#1"), ("1", "b.csv#1")]


def test_what_cannot_be_read_is_a_row_and_the_rest_is_read(tmp_path):
    write(tmp_path, **{"a.eml": mail("a"), "z.eml": mail("z")})
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone.eml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round").symlink_to(tmp_path)

    rows = {row.source_id: row for row in open_source(str(tmp_path)).read()}

    assert rows["a.eml"].raw == mail("a")
    assert rows["z.eml"].raw == mail("z")
    assert "is no file but a device, a pipe" in rows["pipe"].problem
    assert "is a link to a folder, which is not followed" in rows["round"].problem
    assert "cannot be read: No such file" in rows["gone.eml"].problem


def test_a_name_the_system_cannot_decode_is_still_an_id_that_can_be_stored(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.eml", "wb") as file:
        file.write(mail("x"))
    (row,) = open_source(str(tmp_path)).read()
    assert row.source_id == "caf�.eml"
    assert row.raw == mail("x")


def test_a_maildir_gives_new_and_cur_without_flags_and_never_tmp(maildir):
    write(maildir, **{"cur/2.b.host:2,RS": mail("b"), "new/1.a.host": mail("a"), "cur/3.c.host;2,": mail("c")})
    write(maildir, **{"tmp/9.half": b"Subject: ha", ".Sent/cur/4.d.host:2,S": mail("d")})
    (maildir / ".Sent" / "new").mkdir()
    source = open_source(str(maildir))
    assert ids(list(source.read())) == ["1.a.host", "2.b.host", "3.c.host", ".Sent/4.d.host"]
    assert source.count() == 4


def test_a_mail_keeps_its_place_when_a_mail_reader_moves_it_and_sets_flags(maildir):
    write(maildir, **{"new/1.a.host": mail("a")})
    before = [row.place for row in open_source(str(maildir)).read()]
    (maildir / "new/1.a.host").rename(maildir / "cur/1.a.host:2,S")
    assert [row.place for row in open_source(str(maildir)).read()] == before


def test_a_mail_whose_flags_change_while_the_maildir_is_read_is_found_again(maildir):
    write(maildir, **{f"new/{number}.host": mail(str(number)) for number in range(4)})
    rows: Iterator[RawMail] = open_source(str(maildir)).read()
    first = next(rows)
    (maildir / "new/1.host").rename(maildir / "cur/1.host:2,S")
    (maildir / "new/2.host").unlink()

    assert [row.raw for row in [first, *rows]] == [mail("0"), mail("1"), mail("3")]


def test_an_ordinary_folder_called_tmp_is_read(tmp_path):
    write(tmp_path, **{"tmp/1.eml": mail("1")})
    assert ids(list(open_source(str(tmp_path)).read())) == ["tmp/1.eml"]


def test_a_folder_of_many_files_has_no_count_where_one_holds_many(tmp_path):
    write(tmp_path, **{"1.eml": mail("1"), "2.mbox": b"From a Fri Nov 13 10:00:00 2026\nSubject: x\n\nx\n"})
    assert open_source(str(tmp_path)).count() is None


def test_every_file_of_the_corpus_gives_a_row():
    corpus = os.environ.get("MAILROOM_CORPUS")
    if not corpus:
        pytest.skip("MAILROOM_CORPUS does not name a folder of mails")
    files = sum(len(names) for _, _, names in os.walk(corpus))
    assert len({row.place.partition("#")[0] for row in open_source(corpus).read()}) == files
