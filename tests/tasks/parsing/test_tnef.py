"""The text and the files in Outlook's winmail.dat belong to the mail."""

import struct

import compressed_rtf
import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import PNG, attached, multipart, part, typed, with_file

LETTER = rb"{\rtf1\ansi\ansicpg1252 Please send ten caf\'e9 tables.\par Regards, Ann}"
FROM_HTML = (
    rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}Please \htmlrtf {\b\htmlrtf0 pay\htmlrtf }\htmlrtf0  it."
    rb"{\*\htmltag72 </p>}\htmlrtf\par\htmlrtf0 {\*\htmltag64 <p>}Bye{\*\htmltag72 </p>}}"
)
ENCODED = rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2, \u20320?\u22909?}"


def attribute(level, name, kind, data):
    head = struct.pack("<BHHI", level, name, kind, len(data))
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def winmail(body, files):
    """A winmail.dat with a text and files."""
    out = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
    out += attribute(1, 0x800C, 2, body.encode("cp1252") + b"\0")
    for name, data in files.items():
        out += attribute(2, 0x9002, 6, b"\0" * 14)
        out += attribute(2, 0x8010, 1, name.encode("cp1252") + b"\0") + attribute(2, 0x800F, 6, data)
    return out


def test_a_mail_that_outlook_packed_is_unpacked():
    pytest.importorskip("tnefparse", reason="the extra `tnef` is not installed")
    packed = attached("winmail.dat", "application/ms-tnef", winmail("Café at noon.", {"a.txt": b"row 4", "b.png": PNG}))
    got = read_mail(multipart("mixed", part("text/plain", " \n"), packed))

    assert (got.text, got.body_source) == ("Café at noon.", "tnef")
    assert [(one.name, one.fate) for one in got.attachments] == [
        ("winmail.dat", "listed"),
        ("a.txt", "text"),
        ("b.png", "media"),
    ]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(
    ("letter", "words"),
    [
        (LETTER, "Please send ten café tables.\nRegards, Ann"),
        (FROM_HTML, "Please pay it.\nBye"),
        (ENCODED, "Привет, 你好"),
    ],
)
def test_a_letter_in_rtf_is_read(letter, words, compressed):
    pytest.importorskip("tnefparse", reason="the extra `tnef` is not installed")
    rich = compressed_rtf.compress(letter, compressed=compressed)
    packed = winmail("", {}) + attribute(1, 0x9003, 6, rich_property(rich))
    got = read_mail(typed("application/ms-tnef; name=winmail.dat", packed, "Content-Transfer-Encoding: 8bit"))

    assert (got.text, got.body_source, got.quarantine) == (words, "tnef", "")


def rich_property(rich):
    """The MAPI property PR_RTF_COMPRESSED, alone."""
    padded = rich + b"\0" * (-len(rich) % 4)
    return struct.pack("<IHHII", 1, 0x0102, 0x1009, 1, len(rich)) + padded


def test_a_broken_winmail_says_so():
    packed = winmail("x", {"a.txt": b"y"})[:40]
    (one,) = read_mail(with_file("winmail.dat", "application/ms-tnef", packed)).attachments

    assert one.fate in ("listed", "skipped")
    assert one.reason
