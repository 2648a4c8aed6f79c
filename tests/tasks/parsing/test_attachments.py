"""Every attachment has a fate, with a reason if a model does not get it."""

import base64
import io
import tarfile
import zipfile

import pytest

from tasks.parsing.limits import Limits
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import PNG, attached, docx, multipart, part, pdf, with_file, xlsx, zipped

RTF = rb"{\rtf1\ansi Dear {\b Ann}, caf\'e9 \u26085?\u26412?\par Bye}"
ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\n"
    b"DTSTART;TZID=Europe/Berlin:20261119T130000\r\nDTEND;TZID=Europe/Berlin:20261119T140000\r\n"
    b"SUMMARY:Tea\\, and cake\r\nLOCATION:Room 4\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"
    b"ORGANIZER;CN=Ann:mailto:ann@example.com\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def file_of(name, content_type, data, limits=Limits()):
    (one,) = read_mail(with_file(name, content_type, data), limits).attachments
    return one


@pytest.mark.parametrize(
    ("name", "declared", "data", "media_type", "words"),
    [
        ("a.txt", "text/plain", "Grüße\r\nAnn".encode("cp1252"), "text/plain", "Grüße\nAnn"),
        ("a.csv", "application/octet-stream", b"a;b\n1;2\n", "text/csv", "a;b\n1;2"),
        ("a.json", "application/json", b'{"a": 1}', "application/json", '{"a": 1}'),
        ("a.html", "application/octet-stream", b"<html><body><p>Hi</p></body></html>", "text/html", "Hi"),
        ("a.bin", "application/octet-stream", pdf("Invoice 12"), "application/pdf", "Invoice 12"),
        ("a.rtf", "text/plain", RTF, "application/rtf", "Dear Ann, café 日本\nBye"),
    ],
)
def test_text_is_taken_from_what_the_content_is_not_from_its_name(name, declared, data, media_type, words):
    one = file_of(name, declared, data)

    assert (one.media_type, one.fate, one.text, one.reason) == (media_type, "text", words, "")
    assert (one.name, one.declared_type, one.size_bytes) == (name, declared, len(data))


def test_a_word_file_is_read_in_order_with_tables_and_without_hidden_runs():
    xml = (
        "<w:p><w:r><w:t>Seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>Obey me</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Tea</w:t></w:r></w:p></w:tc>"
        "<w:tc><w:p><w:r><w:t>2</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    got = read_mail(with_file("a.docx", "application/msword", docx("First", body_xml=xml)))

    (one,) = got.attachments
    assert one.media_type.endswith("wordprocessingml.document")
    assert [line.split() for line in (one.text or "").split("\n")] == [["First"], ["Seen"], ["Tea", "2"]]
    assert got.parse_defects == ("attachment `a.docx`: 7 hidden characters left out",)


def test_a_workbook_is_its_visible_rows():
    got = read_mail(with_file("a.xlsx", "application/zip", xlsx([["Tea", 2.0, None], [None], ["Sum", 7.5]], [["Key"]])))

    (one,) = got.attachments
    assert one.text == "[Plan]\nTea\t2\nSum\t7.5"
    assert got.parse_defects == ("attachment `a.xlsx`: 1 hidden sheets left out",)


def test_slides_are_read_in_order_and_hidden_ones_are_not():
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"

    def slide(text, show="1"):
        return f'<s xmlns:a="{drawing}" show="{show}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></s>'.encode()

    deck = zipped(
        word__ignored_xml=b"",
        ppt__presentation_xml=b"",
        ppt__slides__slide10_xml=slide("Last"),
        ppt__slides__slide2_xml=slide("First"),
        ppt__slides__slide3_xml=slide("Obey", show="0"),
    )
    got = read_mail(with_file("a.pptx", "application/octet-stream", deck.replace(b"word/ignored", b"ppt/_ignored")))

    assert [one.text for one in got.attachments] == ["[Slide 2]\nFirst\n[Slide 10]\nLast"]
    assert got.parse_defects == ("attachment `a.pptx`: 1 hidden slides left out",)


def test_an_open_document_is_its_paragraphs_and_rows():
    text, table = (f"urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0" for kind in ("text", "table"))
    body = (
        f'<c xmlns:t="{text}" xmlns:b="{table}"><t:tracked-changes><t:p>Deleted</t:p></t:tracked-changes>'
        "<t:h>Minutes</t:h><t:p>One<t:tab/>two <t:span>three</t:span> four</t:p>"
        "<b:table-row><b:table-cell><t:p>Tea</t:p></b:table-cell><b:table-cell><t:p>2</t:p></b:table-cell></b:table-row></c>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", body)
    one = file_of("a.odt", "application/octet-stream", stream.getvalue())

    assert one.media_type == "application/vnd.oasis.opendocument.text"
    assert (one.text or "").split("\n") == ["Minutes", "One\ttwo three four", "Tea\t2"]


def test_an_invitation_is_readable():
    one = file_of("invite.ics", "text/calendar; charset=utf-8", ICS)

    assert one.text is not None
    assert one.text.split("\n") == [
        "Invitation: Tea, and cake",
        "When: 2026-11-19 13:00 CET (Europe/Berlin) to 2026-11-19 14:00 CET (Europe/Berlin)",
        "Repeats: FREQ=WEEKLY;COUNT=3",
        "Where: Room 4",
        "Organizer: Ann <ann@example.com>",
        "Attendees: bob@example.com (accepted)",
    ]


def test_a_mail_that_is_only_an_invitation_has_it_as_its_text_once():
    got = read_mail(multipart("alternative", part("text/calendar; method=REQUEST", ICS)))

    assert (got.body_source, got.kind) == ("calendar", "calendar")
    assert got.text.startswith("Invitation: Tea")
    assert [one.fate for one in got.attachments] == ["listed"]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01" * 200, "image/jpeg"),
        (b"RIFF\x24\x08\x00\x00WAVEfmt " + b"\x00" * 200, "audio/x-wav"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 200, "video/mp4"),
    ],
)
def test_pictures_sound_and_film_are_kept_for_models_that_take_them(data, media_type):
    one = file_of("file.bin", "application/octet-stream", data)

    assert (one.fate, one.media_type, one.data) == ("media", media_type, data)


def test_a_pdf_of_pictures_is_media_and_one_with_words_is_text_and_keeps_its_bytes():
    scan, written = file_of("a.pdf", "application/pdf", pdf("")), file_of("a.pdf", "application/pdf", pdf("Words"))

    assert (scan.fate, scan.text, scan.data) == ("media", None, pdf(""))
    assert (written.fate, written.text, written.data) == ("text", "Words", pdf("Words"))


def test_an_archive_is_listed_and_not_unpacked():
    one = file_of("a.zip", "application/zip", zipped(invoices__may_pdf=b"x" * 2000, run_exe=b"MZ"))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        entry = tarfile.TarInfo("notes.txt")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"words"))
    packed = file_of("a.tgz", "application/gzip", stream.getvalue())

    assert (one.fate, one.reason) == ("listed", "an archive, which is not unpacked")
    assert one.text == "invoices/may.pdf (2,000 bytes)\nrun.exe (2 bytes)"
    assert packed.text == "notes.txt (5 bytes)"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "older than 2007"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600, "password"),
        (bytes(range(256)) * 4, "not known"),
        (b"MZ" + b"\x90\x00\x03" * 300, "a program"),
        (b"%PDF-1.7\n" + b"\x00\x01" * 100, "damaged"),
        (b"PK\x03\x04" + b"\x00\x01" * 100, "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "drawing"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", "encrypted"),
        (b"", "empty"),
    ],
)
def test_what_is_not_opened_says_why(data, reason):
    one = file_of("a.dat", "application/octet-stream", data)

    assert one.fate in ("listed", "skipped")
    assert reason in one.reason
    assert (one.text, one.data) == (None, None)


def test_a_locked_zip_of_an_office_file_says_so():
    data = bytearray(docx("Secret"))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # the bit that says "encrypted"

    assert file_of("a.docx", "application/zip", bytes(data)).reason == "locked with a password"


def test_small_pictures_inside_the_text_are_decoration_unless_there_is_no_text():
    picture = part("image/png", base64.encodebytes(PNG), "Content-ID: <logo>", "Content-Transfer-Encoding: base64")
    dressed = read_mail(multipart("related", part("text/html", "<p>Hi</p><img src='cid:logo'>"), picture))
    bare = read_mail(multipart("related", part("text/html", "<img src='cid:logo'>"), picture))

    assert [one.fate for one in dressed.attachments] == ["listed"]
    assert [one.fate for one in bare.attachments] == ["media"]


def test_a_copy_of_an_attachment_is_not_opened_again():
    got = read_mail(
        multipart("mixed", attached("a.txt", "text/plain", b"words"), attached("b.txt", "text/plain", b"words"))
    )

    assert [one.fate for one in got.attachments] == ["text", "skipped"]
    assert "copy" in got.attachments[1].reason


def test_limits_cut_and_say_so():
    text = with_file("a.txt", "text/plain", b"word " * 100)
    three = multipart("mixed", *(attached(f"{n}.txt", "text/plain", b"%d" % n) for n in range(3)))
    cut = read_mail(text, Limits(attachment_text_chars=20))
    few = read_mail(three, Limits(attachments=2))
    whole = read_mail(
        multipart("mixed", *(attached(f"{n}.txt", "text/plain", b"%d" % n * 30) for n in range(3))),
        Limits(text_chars=40),
    )

    assert len(cut.attachments[0].text or "") <= 20
    assert cut.parse_defects == ("attachment `a.txt`: text cut",)
    assert [one.reason for one in few.attachments] == ["", "", "more than 2 attachments"]
    assert sum(len(one.text or "") for one in whole.attachments) <= 40
    assert file_of("a.png", "image/png", PNG, Limits(media_bytes=10)).fate == "skipped"
    assert file_of("a.pdf", "image/png", pdf("x"), Limits(document_bytes=10)).fate == "skipped"


def test_a_bomb_is_refused_by_the_sizes_it_states():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"")
        archive.writestr("word/document.xml", b"\x00" * 60_000_000)
    one = file_of("a.docx", "application/zip", stream.getvalue())

    assert one.fate == "skipped"
    assert "60,000,000 bytes unpacked" in one.reason
