"""Files in other programs' formats, with one mail or many, and files that are no mail or cannot be read."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.formats import read_any
from tasks.mailbox.sources import open_source

MAIL = b"From: Ann <ann@example.org>\nSubject: %s\n\nText of %s.\n"


def mail(word: bytes) -> bytes:
    return MAIL % (word, word)


def read(path):
    return list(open_source(str(path)).read())


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def emlx(content, length=None):
    head = b"%-10d\n" % (len(content) if length is None else length)
    return head + content + b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict/></plist>\n'


def babyl(*headers):
    """A file of Rmail; each mail has its header as it came, and the one that was shown."""
    out = b"BABYL OPTIONS: -*- rmail -*-\nVersion: 5\nLabels:\n\x1f"
    for came, shown, text in headers:
        out += b"\x0c\n%d, answered,,\n" % bool(came) + came + b"*** EOOH ***\n" + shown + b"\n" + text + b"\x1f"
    return out


@pytest.mark.parametrize("name", ["1.emlx", "message"])
@pytest.mark.parametrize("length", [None, 5, 100_000])
def test_a_mail_of_apple_mail_is_read_without_what_is_noted_about_it(tmp_path, name, length):
    (row,) = read(write(tmp_path, name, emlx(mail(b"one"), length)))

    assert (row.raw, row.problem, row.defects) == (mail(b"one"), "", ())


def test_a_mail_whose_files_lie_elsewhere_says_so(tmp_path):
    (row,) = read(write(tmp_path, "7.partial.emlx", emlx(mail(b"one"))))

    assert row.defects == ("Apple Mail keeps this mail's attachments in other files; they are not read",)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_mails_between_lines_of_control_a_are_read(tmp_path, end):
    edge, one, two = b"\x01" * 4 + end, mail(b"one").replace(b"\n", end), mail(b"two").replace(b"\n", end)
    rows = read(write(tmp_path, "mbox", edge + one + edge + edge + two + edge))

    assert [(row.raw, row.source_id) for row in rows] == [(one, "mbox#1"), (two, "mbox#2")]


def test_mails_of_rmail_have_the_header_as_it_came(tmp_path):
    content = babyl(
        (b"From: Ann <ann@example.org>\nMessage-ID: <a@b>\n", b"From: Ann <ann@example.org>\n", b"One.\n"),
        (b"", b"From: Bob <bob@example.org>\n", b"Two.\n"),
    )

    assert [row.raw for row in read(write(tmp_path, "RMAIL", content))] == [
        b"From: Ann <ann@example.org>\nMessage-ID: <a@b>\n\nOne.\n",
        b"From: Bob <bob@example.org>\n\nTwo.\n",
    ]


@pytest.mark.parametrize(
    ("name", "content", "what", "way"),
    [
        ("mail.pst", b"!BDN" + b"\0" * 600, "Outlook data file", "readpst"),
        ("mail.ost", b"!BDN" + b"\0" * 600, "Exchange", "IMAP"),
        ("backup", b"!BDN" + b"\0" * 600, "Outlook data file", "readpst"),
        ("Inbox.dbx", b"\xcf\xad\x12\xfe" + b"\0" * 600, "Outlook Express", ".eml"),
        ("mac.olm", b"PK\x03\x04" + b"\0" * 600, "Outlook for Mac", ".eml"),
        ("names.nsf", b"\x1a\0\0\x04\0\0" + b"\0" * 600, "Notes", ".eml"),
    ],
)
def test_a_mailbox_of_another_program_is_a_fault_that_names_it_and_a_way_out(tmp_path, name, content, what, way):
    path = write(tmp_path, f"folder/{name}", content)
    (row,) = read(tmp_path / "folder")

    assert what in row.problem
    assert way in row.problem
    assert not row.foreign
    with pytest.raises(SourceError, match=what):
        open_source(str(path))


def test_what_systems_and_archivers_leave_is_no_mail(tmp_path):
    double = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
    names = ["__MACOSX/._a.eml", "in/._b.eml", ".DS_Store", "Thumbs.db", "in/desktop.ini"]
    for name in names:
        write(tmp_path, f"folder/{name}", double)
    write(tmp_path, "folder/in/b.eml", mail(b"b"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in sorted((tmp_path / "folder").rglob("*")):
            archive.write(path, path.relative_to(tmp_path / "folder"))

    for source in (tmp_path / "folder", tmp_path / "a.zip"):
        rows = read(source)
        assert [row.raw for row in rows if not row.foreign] == [mail(b"b")]
        assert len([row for row in rows if row.foreign and "is no mail" in row.problem]) == len(names)


STARTS = {
    "a.emlx": b"12\n",
    "mmdf": b"\x01\x01\x01\x01\n",
    "RMAIL": b"BABYL OPTIONS:\n\x1f\x0c\n",
    "a.mbox": b"From -\n",
}
PIECES = [
    b"\x01\x01\x01\x01\n", b"\x1f", b"\x0c\n", b"0,,\n", b"*** EOOH ***\n", b"\n", b"Subject: x\n", b"text\n",
    b"From \n", b"From: a@b.example\n", b"Content-Length: 7\n", b'<?xml version="1.0"?>', b"\xff\x00", b"99999\n",
]  # fmt: skip


@given(st.sampled_from(sorted(STARTS)), st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_pieces_of_such_files_are_mails_that_hold_no_more_than_the_file(name, pieces):
    content = STARTS[name] + b"".join(pieces)
    blob = Blob(name=name, where=name, size_bytes=len(content), open=lambda: io.BytesIO(content))
    rows = list(read_any(blob, "here"))

    assert sum(len(row.raw) for row in rows) <= len(content) + 2 * len(rows)
    assert all(not row.problem or row.raw == b"" for row in rows)


def test_a_hidden_mail_is_a_mail(tmp_path):
    assert read(write(tmp_path, "._a.eml", mail(b"one")))[0].raw == mail(b"one")
