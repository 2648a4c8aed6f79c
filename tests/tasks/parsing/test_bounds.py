"""Mails made to stall a parser. Each gives a row with its readable part and the limit that it reached."""

import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import attached, mail, multipart, part, typed, with_file


def nested(levels):
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(levels))
    return b"Subject: nested\nMIME-Version: 1.0\n" + heads + b"Content-Type: text/plain\n\nleaf\n"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (nested(1_000), "nested deeper than 100 levels"),
        (nested(10_000), "nested deeper than 100 levels"),
        (multipart("mixed", *[part("text/plain", "x")] * 20_000), "more than 1,000 parts"),
        (mail("\n" * 3_000_000), "3,000,006 lines, more than the 1,000,000 that are read"),
        (mail(b"x" * 50_000_001), "50,000,142 bytes, more than the 50,000,000 that are read"),
    ],
)
def test_past_a_bound_a_mail_is_quarantined_with_its_header_read(raw, reason):
    got = read_mail(raw)

    assert (got.quarantine, got.parse_defects[0]) == (reason, reason)
    assert got.subject in ("Hello", "nested")


@pytest.mark.parametrize(
    "raw",
    [
        typed("text/plain; " + 'a*0*="x";' * 4_500, "words"),
        mail("words", "To: " + ", ".join(f"a{n}@b.example" for n in range(50_000))),
        mail("words", *["Cc: " + ", ".join(f"a{n}@b.example" for n in range(500))] * 1_000),
        mail("words", "Reply-To: " + "(" * 16_000),
        mail("words", *["Cc: " + "a" * 16_000 + "@ "] * 500),
        mail("words", *["Cc: " + "\u00e9" * 8_000] * 500),
        mail("words", "Comments: " + " =?utf-8?q?a=C3?=" * 40_000),
        mail("words", "X-Long: a\n" + "\n".join([" b"] * 10_000)),
        mail("words", "References: " + "<" * 16_000),
        b"Subject: deep\n" + b"Content-Type: message/rfc822\n\n" * 40 + b"words",
    ],
    ids="parameters addresses address-fields comments no-domain no-at encoded-words folded references rfc822".split(),
)
def test_hostile_headers_leave_the_words(raw):
    got = read_mail(raw)

    assert not got.quarantine
    assert got.text.endswith("words")
    assert max(len(got.to), len(got.cc)) <= 1_000


@pytest.mark.parametrize(
    "body",
    [
        "From: x\n" * 30_000,
        "On " * 100_000,
        "a a a a a:\n" * 30_000,
        "> a\n" * 50_000,
        "begin 644 a\n" * 50_000,
        "=ybegin a\n" * 50_000,
        "-----BEGIN PGP SIGNED MESSAGE-----\n" * 20_000,
        "\u200b" * 100_000,
    ],
)
def test_hostile_text_is_text(body):
    got = read_mail(mail(body))

    assert len(got.text) + len(got.quoted) + len(got.signature) > 0
    assert not got.quarantine.startswith("the reader failed")


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 50_000 + "words",
        "<" * 300_000 + " words",
        "<a " + "b=c " * 50_000 + ">words",
        "<style>" + "/* " * 60_000 + "</style>words",
        "<style>" + "{" * 100_000 + "</style>words",
        "<table><tr><td>" * 1_900 + "words",
        "<div style='font-size:0'>" * 300 + "<i style='font-size:9px'>words</i>",
        '<div style="display:none">x</div>' * 20_000 + "words",
        '<div style="font-size:0"><i style="font-size:' + "0" * 200_000 + 'x">hidden</i></div>words',
        "<!--" * 50_000 + "--><p>words",
    ],
)
def test_hostile_html_keeps_its_words(page):
    assert "words" in read_mail(typed("text/html", page)).text


def test_a_thousand_attachments_are_all_named_and_the_first_ones_read():
    got = read_mail(multipart("mixed", *[attached(f"{n}.txt", "text/plain", b"%d" % n) for n in range(900)]))

    assert len(got.attachments) == 900
    assert [one.fate for one in got.attachments].count("text") == 200
    assert got.attachments[-1].reason == "more than 200 attachments"


def test_a_sniffer_is_not_stalled_by_comments():
    (one,) = read_mail(with_file("a", "application/octet-stream", b"<!---->" * 1_000)).attachments

    assert one.media_type == "text/plain"
