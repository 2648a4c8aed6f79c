"""Dropped files: taken once for each content, left where they are, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.watch.dropped import Dropped, list_dropped, may_be_mail
from deployments.watch.settling import look_at
from tasks.ledger.engine import open_ledger
from tasks.mailbox.inbox import put_into

MAIL = b"From: a@example.org\nSubject: Hello\n\nHow are you?\n"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


def take(drop: Path, tmp_path: Path, ledger_url: str, most: int = 10_000) -> int:
    """What a process that starts now takes."""
    dropped = Dropped(open_ledger(ledger_url), put_into(tmp_path / "inbox"), most)
    return dropped.take([(path, look) for path in sorted(list_dropped(drop)) if (look := look_at(path))])


def kept(tmp_path: Path) -> dict[str, bytes]:
    return {path.name.partition("-")[2]: path.read_bytes() for path in (tmp_path / "inbox").glob("*") if path.is_file()}


def test_files_of_all_kinds_are_taken_and_stay_where_they_are(drop, tmp_path, ledger_url):
    (drop / "sub").mkdir()
    files = {
        "a.eml": MAIL, "sub/b c.csv": b"id,content,sender,subject\n1,x,y,z\n",
        "d.mbox": b"From a@b Fri Nov 13 10:00:00 2026\n" + MAIL, "1700000.M1P2.host:2,S": MAIL,
    }  # fmt: skip
    for name, content in files.items():
        (drop / name).write_bytes(content)
    assert take(drop, tmp_path, ledger_url) == 4
    assert set(kept(tmp_path)) == {"a.eml", "b_c.csv", "d.mbox", "1700000.M1P2.eml"}
    assert all((drop / name).read_bytes() == content for name, content in files.items())


def test_a_restart_takes_nothing_twice_but_takes_what_came_or_changed_meanwhile(drop, tmp_path, ledger_url):
    (drop / "a.eml").write_bytes(MAIL)
    assert [take(drop, tmp_path, ledger_url) for _ in range(2)] == [1, 0]
    (drop / "b.eml").write_bytes(MAIL)
    (drop / "a.eml").write_bytes(MAIL + b"more\n")
    assert take(drop, tmp_path, ledger_url) == 2


def test_what_is_no_mail_is_left_and_does_not_keep_others_out(drop, tmp_path, ledger_url, caplog):
    (drop / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00")
    (drop / "other.csv").write_bytes(b"a,b\n1,2\n")
    (drop / "large.eml").write_bytes(MAIL * 10_000)
    (drop / "a.eml").write_bytes(MAIL)
    assert take(drop, tmp_path, ledger_url) == 1
    assert set(kept(tmp_path)) == {"a.eml"}
    assert {name for name in ("photo.jpg", "other.csv", "large.eml") if name in caplog.text} == {
        "photo.jpg", "other.csv", "large.eml",
    }  # fmt: skip


def test_a_file_the_inbox_could_not_take_is_taken_later(drop, tmp_path, ledger_url):
    (drop / "a.eml").write_bytes(MAIL)

    def full(_raw: bytes, _name: str) -> Path:
        raise OSError(28, "No space left on device")

    look = look_at(drop / "a.eml")
    assert look
    with pytest.raises(OSError, match="No space"):
        Dropped(open_ledger(ledger_url), full, 10_000).take([(drop / "a.eml", look)])
    assert take(drop, tmp_path, ledger_url) == 1


@pytest.mark.parametrize("name", [".hidden.eml", "a.eml.part", "a.crdownload", "b.TMP", "c.eml~", ".a.eml.swp"])
def test_names_of_unfinished_files_are_passed_over(name):
    assert not may_be_mail(Path(name))
