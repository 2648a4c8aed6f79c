"""How a source is found, and the errors if it can't be."""

from __future__ import annotations

import io
import os
import sys

import pytest

from tasks.errors import SourceError
from tasks.mailbox.sources import open_source

MAIL = b"From: a@example.com\r\nSubject: Hello\r\n\r\nText.\r\n"
MBOX = b"From a@example.com Fri Nov 13 10:00:00 2026\nSubject: Hello\n\nText.\n\n"


@pytest.mark.parametrize("name", ["mail.eml", "mail", "mail.txt", "1731492000.M1P2.host"])
def test_a_file_that_begins_as_a_mail_is_one_mail_whatever_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(MAIL)
    source = open_source(str(tmp_path / name))
    assert source.name == str(tmp_path / name)
    assert source.count() == 1
    assert [(row.raw, row.source_id) for row in source.read()] == [(MAIL, name)]


def test_a_file_that_begins_with_a_dated_from_line_is_an_mbox_whatever_its_name(tmp_path):
    (tmp_path / "Inbox").write_bytes(MBOX * 3)
    assert len(list(open_source(str(tmp_path / "Inbox")).read())) == 3


def test_a_mail_called_so_is_read_even_when_it_does_not_look_like_one(tmp_path):
    (tmp_path / "odd.eml").write_bytes(b"no header at all")
    assert [row.raw for row in open_source(str(tmp_path / "odd.eml")).read()] == [b"no header at all"]


def test_a_source_can_be_read_twice_with_the_same_result(tmp_path):
    (tmp_path / "a.mbox").write_bytes(MBOX * 2)
    source = open_source(str(tmp_path / "a.mbox"))
    assert list(source.read()) == list(source.read())


def test_a_relative_path_is_known_by_its_absolute_one(tmp_path, monkeypatch):
    (tmp_path / "a.eml").write_bytes(MAIL)
    monkeypatch.chdir(tmp_path)
    assert open_source("a.eml").name == str(tmp_path / "a.eml")


def test_a_file_with_a_colon_in_its_name_is_no_address(tmp_path, monkeypatch):
    (tmp_path / "inbox:x").write_bytes(MAIL)
    monkeypatch.chdir(tmp_path)
    assert [row.raw for row in open_source("inbox:x").read()] == [MAIL]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.eml", None, "is not there"),
        ("empty.eml", b"", "is an empty file"),
        ("empty.mbox", b"", "is an empty file"),
        ("blank.mbox", b"\n\n", "is an empty mbox"),
        ("no.mbox", b"Dear all,\n", "begins with neither a line `From "),
        ("picture.png", b"\x89PNG\r\n\x1a\n", "is neither a mail, an mbox, a table of mails nor an archive"),
        ("report.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is neither a mail"),
        ("t.csv", b"id,content,subject\n1,x,y\n", "lacks the column `sender`; it has `id`, `content`, `subject`"),
        (
            "t.jsonl",
            b'{"id": 1, "text": "x"}\n',
            "lacks the columns `content`, `sender`, `subject`; it has `id`, `text`",
        ),
        ("t2.jsonl", b"[1]\n", "cannot be read as .jsonl: line 1 is no JSON object"),
        ("t3.csv", b"id,content,sender,subject\n", "is a table without rows"),
        ("t.parquet", b"PAR1 but not really", "cannot be read as .parquet"),
        ("t.zip", b"PK\x03\x04 but not really", "is no zip archive, or a damaged one"),
    ],
)
def test_what_cannot_be_a_source_is_named_with_what_is_wrong(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as error:
        open_source(str(tmp_path / name))
    assert str(error.value).startswith(f"`{tmp_path / name}` ")
    assert said in str(error.value)


@pytest.mark.parametrize("address", ["", "  ", "a\0b"])
def test_no_name_is_no_source(address):
    with pytest.raises(SourceError, match="no source was named"):
        open_source(address)


def test_an_unknown_scheme_is_named_with_those_there_are():
    with pytest.raises(SourceError, match=r"`ftp://` is no kind of source.*`gs:`, `imap:`, `inbox:`, `s3:`") as error:
        open_source("ftp://me:secret@example.com/mail")
    assert "secret" not in str(error.value)


def test_an_empty_folder_is_an_error_that_names_it(tmp_path):
    (tmp_path / "sub").mkdir()
    with pytest.raises(SourceError, match=f"`{tmp_path}` is empty"):
        open_source(str(tmp_path))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="no file but a device or a pipe"):
        open_source(str(tmp_path / "pipe"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_error_that_names_it(tmp_path):
    (tmp_path / "a.eml").write_bytes(MAIL)
    (tmp_path / "a.eml").chmod(0)
    with pytest.raises(SourceError, match=r"a\.eml` cannot be read: Permission denied"):
        open_source(str(tmp_path / "a.eml"))


def test_a_dash_is_the_one_mail_at_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MAIL)))
    source = open_source("-")
    assert [(row.raw, row.source_id) for row in source.read()] == [(MAIL, "stdin")]
    assert (source.name, source.count()) == ("-", 1)


def test_an_empty_stdin_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    with pytest.raises(SourceError, match="`-` \\(stdin\\) is empty"):
        open_source("-")
