"""Parts are sorted, decoded and joined, even if they are damaged."""

import base64

import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import attached, mail, multipart, part, typed


@pytest.mark.parametrize(
    ("content_type", "body", "encoding", "text", "note"),
    [
        ("text/plain; charset=utf-8", "Grüße".encode(), "8bit", "Grüße", "utf-8"),
        ("text/plain; charset=iso-8859-1", "Grüße".encode(), "8bit", "Grüße", "utf-8"),
        (
            "text/plain; charset=us-ascii",
            "Grüße aus Köln".encode("cp1252"),
            "8bit",
            "Grüße aus Köln",
            "declared:cp1252",
        ),
        ("text/plain; charset=iso-8859-15", b"5 =A4", "quoted-printable", "5 €", "declared:iso8859-15"),
        ("text/plain; charset=gb2312", "你好，世界".encode("gb18030"), "8bit", "你好，世界", "declared:gb18030"),
        ("text/plain; charset=iso-2022-jp", "会議".encode("iso2022_jp"), "7bit", "会議", "declared:iso2022_jp_ext"),
        ("text/plain", "会議".encode("iso2022_jp"), "7bit", "会議", "detected:iso2022_jp_ext"),
        ("text/plain", "회의".encode("iso2022_kr"), "7bit", "회의", "detected:iso2022_kr"),
        ("text/plain", b"\x1b[31mred", "7bit", "\x1b[31mred", "utf-8"),
        ("text/plain; charset=utf-16", "Hi there\n".encode("utf-16"), "8bit", "Hi there", "detected:utf-16"),
        ("text/plain; charset=x-unknown", "Grüße".encode(), "8bit", "Grüße", "utf-8"),
        ("text/plain", b"\xef\xbb\xbfHi", "8bit", "Hi", "utf-8"),
    ],
)
def test_a_charset_is_found(content_type, body, encoding, text, note):
    got = read_mail(typed(content_type, body, f"Content-Transfer-Encoding: {encoding}"))

    assert (got.text, got.charset_note) == (text, note)


def test_declared_latin_that_is_chinese_is_detected():
    words = "九州之人，言語不同，生民已來，固常然矣。自《春秋》標齊言之傳，離騷目楚詞之經，此蓋其較明之初也。" * 3
    got = read_mail(typed("text/plain; charset=us-ascii", words.encode("big5"), "Content-Transfer-Encoding: 8bit"))

    assert got.text == words
    assert got.charset_note.startswith("detected:")


def test_a_charset_that_cannot_be_found_is_replaced_and_said():
    got = read_mail(
        typed("text/plain; charset=utf-8", b"Caf\xc3\xa9 na\xc3\xafve \xff tail\n", "Content-Transfer-Encoding: 8bit")
    )

    assert got.text.startswith("Café naïve")
    assert (got.charset_note, got.parse_defects) == ("replaced:utf-8", ("charset replaced",))


@pytest.mark.parametrize(
    ("encoding", "body", "text", "defect"),
    [
        ("base64", base64.encodebytes(b"Hello there."), "Hello there.", ""),
        ("base64", b"SGVsbG8g*dGhlcmUu", "Hello there.", "broken base64"),
        ("base64", b"This is plain text, not base64, you see!", "This is plain text, not base64, you see!", "is none"),
        ("base64", b"SGk=\nSGk=\n", "HiHi", ""),
        ("base64", b"SGk=IHlv\ndQ==", "Hi you", ""),
        ("base64", b"SGk= ignored words", "Hi", "broken base64"),
        ("base64", b"caf=C3=A9 au lait", "caf=C3=A9 au lait", "is none"),
        (
            "base64",
            b"YWJj" * 15 + b"\n" + b"YWJj" * 15 + b"\nThis is the footer of a list.",
            "abc" * 30,
            "broken base64",
        ),
        ("base64", b"SGVsbG8gdGhlcmUuCg==\n--edge-->\nfooter", "Hello there.", "broken base64"),
        ("quoted printable", b"caf=C3=A9=20", "café", ""),
        ("8bits", "café".encode(), "café", ""),
        ("base9000", b"text", "text", "unknown transfer encoding `base9000`"),
        ("x-uuencode", b"begin 644 a\n#0V%T\n`\nend\n", "Cat", ""),
    ],
)
def test_a_transfer_encoding_is_undone_in_whatever_state_it_is(encoding, body, text, defect):
    got = read_mail(typed("text/plain; charset=utf-8", body, f"Content-Transfer-Encoding: {encoding}"))

    assert got.text == text
    assert (defect in " ".join(got.parse_defects)) if defect else got.parse_defects == ()


def test_cp1252_that_was_taken_for_latin_1_is_mended():
    raw = typed("text/plain; charset=utf-8", "5 \x80 \x96 it\x92s", "Content-Transfer-Encoding: 8bit")

    assert read_mail(raw).text == "5 € – it’s"


def test_lines_that_end_as_on_old_macs_are_lines():
    raw = typed("text/plain; charset=utf-8", "One caf=C3=\n=A9\nTwo\n", "Content-Transfer-Encoding: quoted-printable")

    assert read_mail(raw.replace(b"\n", b"\r")).text == "One café\nTwo"


def test_flowed_lines_are_joined_and_quotes_and_signatures_are_not():
    body = "A long line that \nwas wrapped.\n\n> quoted line that \n> goes on\n-- \nAnn\n"
    got = read_mail(typed("text/plain; format=flowed", body, "In-Reply-To: <two@example.com>"))

    assert got.text == "A long line that was wrapped."
    assert got.quoted == "> quoted line that goes on"
    assert got.signature.splitlines()[-1] == "Ann"


def test_files_written_into_the_text_become_attachments():
    uu = "Two files.\nbegin 644 cat.txt\n#0V%T\n`\nend\n"
    yenc = b"=ybegin line=128 size=3 name=dog.txt\n" + bytes((c + 42) % 256 for c in b"Dog") + b"\n=yend size=3\n"
    got = read_mail(typed("text/plain", uu.encode() + yenc + b"Bye.\n"))

    assert [(one.name, one.text) for one in got.attachments] == [("cat.txt", "Cat"), ("dog.txt", "Dog")]
    assert got.text == "Two files.\nBye."


def test_zero_bytes_are_taken_out_and_said():
    got = read_mail(mail(b"He\x00llo\n"))

    assert (got.text, got.parse_defects) == ("Hello", ("NUL in text",))


@pytest.mark.parametrize(
    ("content_type", "defect"),
    [
        ("multipart/mixed", "multipart boundary guessed"),
        ('multipart/mixed; boundary="other"', "multipart boundary guessed"),
    ],
)
def test_a_missing_boundary_is_guessed_from_the_lines(content_type, defect):
    body = "--edge\nContent-Type: text/plain\n\nOne.\n--edge\nContent-Type: text/plain\n\nTwo.\n--edge--\n"
    got = read_mail(typed(content_type, body))

    assert got.text == "One.\n\nTwo."
    assert defect in got.parse_defects


def test_text_outside_of_empty_parts_is_not_lost():
    raw = typed('multipart/mixed; boundary="a"', "Hello there.\n--a\n\n--a--\n")

    assert read_mail(raw).text == "Hello there."
    assert read_mail(raw.replace(b"--a\n\n", b"--a\n\nWords.\n")).text == "Words."


def test_a_multipart_that_is_none_is_read_as_text():
    got = read_mail(typed('multipart/mixed; boundary="x"', "Only words.\n"))

    assert (got.text, got.parse_defects) == ("Only words.", ("multipart without parts",))


def test_html_without_a_type_is_html():
    assert read_mail(typed("text/plain", "<html><body><p>Hi &amp; bye</p></body></html>")).text == "Hi & bye"


def test_links_stay_visible_and_table_cells_apart():
    page = '<table><tr><td>Tea</td><td>2</td></tr></table><a href="https://shop.example/x">Buy</a>'
    got = read_mail(typed("text/html", page))

    assert "Tea\t2" in got.text
    assert "Buy (https://shop.example/x)" in got.text


def test_a_charset_in_the_html_itself_counts():
    page = b'<html><head><meta charset="iso-8859-7"></head><body>' + "Καλημέρα".encode("iso8859-7") + b"</body></html>"
    assert read_mail(typed("text/html", page, "Content-Transfer-Encoding: 8bit")).text == "Καλημέρα"


def test_text_below_a_file_is_text_and_a_second_text_file_is_a_file():
    raw = multipart(
        "mixed",
        part("text/plain", "Above.\n"),
        attached("notes.txt", "text/plain", b"in the file"),
        part("text/plain", "Below.\n"),
    )
    got = read_mail(raw)

    assert got.text == "Above.\n\nBelow."
    assert [one.text for one in got.attachments] == ["in the file"]


def test_enriched_text_loses_its_marks():
    assert (
        read_mail(typed("text/enriched", "<bold>Now</bold> <color><param>red</param>or</color> never\n")).text
        == "Now or never"
    )


def test_a_mail_attached_as_a_file_is_a_mail():
    saved = mail("Inside.\n", header=("Subject: Saved", "From: a@example.com"))
    raw = multipart("mixed", part("text/plain", "See.\n"), attached("old.eml", "application/octet-stream", saved))

    assert [(one.subject, one.text) for one in read_mail(raw).thread] == [("Saved", "Inside.")]


def test_a_mail_that_was_cut_says_so():
    raw = multipart("mixed", part("text/plain", "One.\n"), part("text/plain", "Two.\n"))

    assert read_mail(raw).parse_defects == ()
    assert read_mail(raw[: raw.index(b"Two")]).parse_defects == ("close boundary not found",)


def test_a_forwarded_mail_in_base64_is_opened():
    inner = mail("Inside.\n", header=("Subject: Nested",))
    raw = multipart("mixed", part("message/rfc822", base64.encodebytes(inner), "Content-Transfer-Encoding: base64"))

    assert read_mail(raw).thread[0].text == "Inside."
