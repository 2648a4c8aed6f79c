"""A mail is read even if its parts do not conform to MIME."""

import base64

import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import PNG, attached, multipart, part, typed

PAGE = part("text/html; charset=utf-8", "<p>Price=3A 20 =E2=82=AC</p>", "Content-Transfer-Encoding: quoted-printable")
PLAIN = part("text/plain; charset=utf-8", "Price: 20 €")


@pytest.mark.parametrize("kind", ["alternative", "mixed", "related"])
@pytest.mark.parametrize("end", [b"--b--\n", b"--b\n", b""])
def test_a_single_part_without_its_boundary_is_read(kind, end):
    got = read_mail(typed(f"multipart/{kind}; boundary=b", PAGE + b"\n" + end))

    assert (got.text, got.body_source) == ("Price: 20 €", "html")
    assert "first boundary missing" in got.parse_defects


def test_the_first_part_without_its_boundary_is_read_with_the_others():
    raw = typed("multipart/mixed; boundary=b", PLAIN + b"\n--b\n" + attached("a.png", "image/png", PNG) + b"\n--b--\n")
    got = read_mail(raw)

    assert (got.text, [one.name for one in got.attachments]) == ("Price: 20 €", ["a.png"])
    assert got.parse_defects[:1] == ("first boundary missing",)


def test_the_first_alternative_without_its_boundary_is_one():
    got = read_mail(typed("multipart/alternative; boundary=b", PLAIN + b"\n--b\n" + PAGE + b"\n--b--\n"))

    assert (got.text, got.body_source) == ("Price: 20 €", "text")


def test_words_above_the_parts_are_the_text_where_no_part_has_any():
    raw = typed(
        "multipart/mixed; boundary=b", b"See the picture.\n--b\n" + attached("a.png", "image/png", PNG) + b"\n--b--\n"
    )
    notice = raw.replace(b"See the picture.", b"This is a multi-part message in MIME format.")

    assert (read_mail(raw).text, read_mail(notice).text) == ("See the picture.", "")


def test_alternatives_without_a_boundary_are_still_alternatives():
    body = b"--x\n" + part("text/plain", "Hello.") + b"\n--x\n" + part("text/html", "<p>Hello.</p>") + b"\n--x--\n"

    assert read_mail(typed("multipart/alternative", body)).text == "Hello."


def test_a_preamble_that_only_explains_is_no_part():
    raw = typed("multipart/mixed; boundary=b", b"This is a message in MIME format.\n--b\n" + PLAIN + b"\n--b--\n")

    assert (read_mail(raw).text, read_mail(raw).parse_defects) == ("Price: 20 €", ())


BROKEN = [
    part("text/plain", "UHJpY2U6IDIwIOK@@@@sr", "Content-Transfer-Encoding: base64"),
    part("text/plain; charset=utf-8", b"Price: 20 \x81\x8d\x8f\x90\x9d"),
    part("text/plain", "Price=3A =32=30 =E2=82=AC=20=20=0A"),
    part("text/plain", "Price: 20", "Content-Transfer-Encoding: x-rot13"),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_of_a_broken_and_a_good_alternative_the_good_one_is_read(broken):
    got = read_mail(multipart("alternative", broken, PAGE))

    assert (got.text, got.body_source) == ("Price: 20 €", "html")


def test_words_that_are_only_called_coded_are_no_broken_alternative():
    words = part("text/plain", "These are the words of Ann.", "Content-Transfer-Encoding: base64")

    assert read_mail(multipart("alternative", words, PAGE)).text == "These are the words of Ann."


@pytest.mark.parametrize("broken", BROKEN[1:])
def test_a_broken_text_is_read_where_there_is_nothing_better(broken):
    assert "Price" in read_mail(multipart("alternative", broken, part("image/png", PNG))).text


def piece(number, body):
    return typed(f'message/partial; id="a@b"; number={number}; total=3', body)


def test_a_piece_of_a_mail_is_read_and_says_that_others_are_missing():
    first = b"Message-ID: <whole@example.org>\nSubject: whole\nContent-Type: text/html\n\n<p>It begins</p>"
    one, two = read_mail(piece(1, first)), read_mail(piece(2, b"and goes on: here.\n\nThen it ends."))

    assert (one.text, two.text) == ("It begins", "and goes on: here.\n\nThen it ends.")
    said = [f"piece {number} of 3 of a mail that was sent in pieces; the others are not read" for number in (1, 2)]
    assert [one.parse_defects[:1], two.parse_defects[:1]] == [(said[0],), (said[1],)]


def test_a_piece_of_a_file_is_no_text():
    got = read_mail(piece(2, base64.encodebytes(bytes(range(256)) * 8)))

    assert got.text == ""
    assert [one.reason for one in got.attachments] == ["a piece of a file"]


def test_parts_that_are_repaired_inside_each_other_end():
    nested = b"Content-Type: multipart/mixed\n\n" * 90 + b"x\n" * 1_000

    assert read_mail(typed("multipart/mixed", nested)).parse_defects
