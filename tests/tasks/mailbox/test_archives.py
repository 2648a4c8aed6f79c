"""Zip archives: read member by member, with bounds."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tasks.errors import SourceError
from tasks.mailbox import archives
from tasks.mailbox.sources import open_source

MAIL = b"Subject: a\n\nText.\n"
TABLE = b"id,content,sender,subject\nrow,Hi,a@example.com,s\n"
MBOX = b"From a Fri Nov 13 10:00:00 2026\nSubject: x\n\nx\n\n"


def pack(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def damage(path: Path, member: str, *, offset: int = 4) -> None:
    """Turn over bytes in a member's compressed data."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
    start = info.header_offset + 30 + len(member.encode()) + offset
    content = bytearray(path.read_bytes())
    content[start : start + 8] = bytes(byte ^ 0xFF for byte in content[start : start + 8])
    path.write_bytes(content)


def test_mails_mboxes_and_tables_of_an_archive_are_read(tmp_path):
    path = pack(tmp_path / "all.zip", **{"in/a.eml": MAIL, "b.mbox": MBOX * 2, "c.csv": TABLE, "empty/": b""})
    rows = list(open_source(str(path)).read())
    assert [(row.source_id, row.place) for row in rows] == [
        ("all.zip/in/a.eml", "all.zip/in/a.eml"),
        ("all.zip/b.mbox#1", "all.zip/b.mbox#1"),
        ("all.zip/b.mbox#2", "all.zip/b.mbox#2"),
        ("row", "all.zip/c.csv#row"),
    ]
    assert rows[0].raw == MAIL


def test_an_archive_in_a_folder_is_read_and_one_in_an_archive_is_named(tmp_path):
    pack(tmp_path / "in.zip", **{"x.eml": MAIL})
    pack(tmp_path / "out.zip", **{"in.zip": (tmp_path / "in.zip").read_bytes(), "y.eml": MAIL})
    rows = {row.source_id: row for row in open_source(str(tmp_path)).read()}
    assert rows["in.zip/x.eml"].raw == MAIL
    assert rows["out.zip/y.eml"].raw == MAIL
    assert "an archive inside an archive, which is not opened" in rows["out.zip/in.zip"].problem


def test_a_member_that_is_damaged_locked_or_no_mail_is_a_row_and_the_others_are_read(tmp_path):
    text = bytes(range(32, 127)) * 50
    path = pack(
        tmp_path / "a.zip", **{"1.eml": MAIL, "2.eml": b"Subject: x\n\n" + text, "LICENSE": b"MIT", "3.eml": MAIL}
    )
    damage(path, "2.eml")
    _lock(path, "3.eml")

    rows = list(open_source(str(path)).read())

    assert [(row.source_id, row.foreign) for row in rows] == [
        ("a.zip/1.eml", False),
        ("a.zip/2.eml", False),
        ("a.zip/LICENSE", True),
        ("a.zip/3.eml", False),
    ]
    assert "cannot be unpacked" in rows[1].problem
    assert "locked with a password" in rows[3].problem


def _lock(path: Path, member: str) -> None:
    """Set the flag that says a member is encrypted, in its own header and in the directory."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        content[archive.getinfo(member).header_offset + 6] |= 1
    content[content.rindex(member.encode()) - 46 + 8] |= 1
    path.write_bytes(content)


def test_a_bomb_is_refused_before_it_goes_off(tmp_path):
    path = pack(tmp_path / "bomb.zip", **{"a.eml": b"Subject: x\n\n" + b"0" * 70_000_000})
    with pytest.raises(SourceError, match=r"bomb\.zip` would unpack to 70,000,012 bytes"):
        open_source(str(path))


def test_an_archive_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MEMBERS", 2)
    path = pack(tmp_path / "a.zip", **{f"{number}.eml": MAIL for number in range(3)})
    with pytest.raises(SourceError, match="has 3 files in it; at most 2 are read"):
        open_source(str(path))


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + b"\0" * 18])
def test_an_archive_with_nothing_in_it_is_an_error(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(SourceError, match=r"is an empty file|no file in it"):
        open_source(str(tmp_path / "a.zip"))


def test_a_word_document_is_no_archive_of_mails(tmp_path):
    pack(tmp_path / "letter.docx", **{"word/document.xml": b"<x/>"})
    with pytest.raises(SourceError, match="is neither a mail"):
        open_source(str(tmp_path / "letter.docx"))


def test_names_that_point_outside_stay_names(tmp_path):
    path = pack(tmp_path / "a.zip", **{"../../etc/x.eml": MAIL})
    assert [row.source_id for row in open_source(str(path)).read()] == ["a.zip/../../etc/x.eml"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.zip"]


def test_every_truncation_of_an_archive_is_refused_or_read(tmp_path):
    whole = pack(tmp_path / "a.zip", **{"a.eml": MAIL, "t.csv": TABLE, "m.mbox": MBOX}).read_bytes()
    for length in range(1, len(whole), 7):
        (tmp_path / "cut.zip").write_bytes(whole[:length])
        with pytest.raises(SourceError):
            open_source(str(tmp_path / "cut.zip"))
    assert zipfile.is_zipfile(io.BytesIO(whole))
