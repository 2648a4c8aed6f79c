"""One mail has one key however it was transported; two mails have two keys, even with equal ids."""

import base64
import quopri

import pytest

from tasks.parsing.limits import Limits
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import HEADER, attached, mail, multipart, part, typed


def key(raw, limits=Limits()):
    return read_mail(raw, limits).message_key


PLAIN = typed("text/plain; charset=utf-8", "Grüße, Ann.\nBis morgen.\n", "Content-Transfer-Encoding: 8bit")


@pytest.mark.parametrize(
    "other",
    [
        b"Received: from a by b; Tue, 24 Nov 2026 09:49:00 +0100\nDelivered-To: x@example.org\n" + PLAIN,
        b"X-Mailroom-Id: other\nX-Spam-Status: No\n" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b"\n", b"\r"),
        PLAIN + b"\n\n",
        PLAIN.replace(b"Subject: Hello", b"Subject: =?utf-8?q?Hello?="),
        PLAIN.replace(b"09:48:00 +0100", b"08:48:00 +0000"),
        PLAIN.replace(b"ann@example.com", b"ann@EXAMPLE.com"),
        typed(
            "text/plain; charset=utf-8",
            quopri.encodestring("Grüße, Ann.\nBis morgen.\n".encode()),
            "Content-Transfer-Encoding: quoted-printable",
        ),
        typed(
            "text/plain; charset=iso-8859-1",
            base64.encodebytes("Grüße, Ann.\r\nBis morgen.\r\n".encode("latin-1")),
            "Content-Transfer-Encoding: base64",
        ),
    ],
)
def test_transport_does_not_change_the_key(other):
    assert key(other) == key(PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace(b"Bis morgen", b"Bis heute"),
        PLAIN.replace(b"one@example.com", b"two@example.com"),
        PLAIN.replace(b"Subject: Hello", b"Subject: Hallo"),
        PLAIN.replace(b"09:48", b"09:49"),
        PLAIN.replace(b"ann@", b"bob@"),
    ],
)
def test_what_the_author_wrote_changes_it(other):
    assert key(other) != key(PLAIN)


def test_attachments_count_by_content_and_text_ones_whatever_their_line_ends():
    text = part("text/plain", "Hi\n")
    one = multipart("mixed", text, attached("a.bin", "image/png", b"\x89PNG 1"))
    other = multipart("mixed", text, attached("a.bin", "image/png", b"\x89PNG 2"))
    uncoded = multipart(
        "mixed", text, part("text/csv", "a;b\n1;2\n", "Content-Disposition: attachment; filename=a.csv")
    )

    assert key(one) != key(other)
    assert key(uncoded) == key(uncoded.replace(b"\n", b"\r\n"))


def test_mails_without_text_differ_by_the_mail_inside():
    def holder(text):
        return multipart("mixed", part("message/rfc822", mail(text, header=("Subject: x",))))

    assert key(holder("One.\n")) != key(holder("Two.\n"))


def without_id(*parts):
    header = b"Message-ID: <one@example.com>\n"
    return multipart("mixed", part("text/plain", "Hi\n"), *parts).replace(header, b"")


def test_without_an_id_the_names_of_files_count():
    one = without_id(attached("invoice 1.pdf", "application/pdf", b"%PDF-1.4"))
    other = without_id(attached("invoice 2.pdf", "application/pdf", b"%PDF-1.4"))
    coded = one.replace(b'"invoice 1.pdf"', b'"=?utf-8?q?invoice_1=2Epdf?="')

    assert key(one) != key(other)
    assert key(one) == key(coded)


@pytest.mark.parametrize("field", ["From: bob@example.org", "Subject: y", "Date: Fri, 13 Nov 2026 10:00:00 +0100"])
def test_without_an_id_the_headers_of_mails_inside_count(field):
    def holding(*fields):
        return without_id(part("message/rfc822", mail("Same.\n", header=("To: x@example.org", *fields))))

    assert key(holding()) != key(holding(field))
    assert key(holding(field)) == key(holding(field, "Received: from a.example"))


def test_mails_past_a_bound_still_differ_by_what_was_not_read():
    small = Limits(mail_bytes=1_000)
    first, second = mail("a" * 300_000 + "1"), mail("a" * 300_000 + "2")

    assert read_mail(first, small).quarantine.endswith("more than the 1,000 that are read")
    assert key(first, small) != key(second, small)
    assert key(first, small) == key(b"Received: x\n" + first, small)
    assert key(mail("b" * 400 + "1"), Limits(text_chars=50)) != key(mail("b" * 400 + "2"), Limits(text_chars=50))


def test_mails_without_a_header_that_tells_them_apart_differ_by_their_text():
    bare = HEADER[2:3]

    assert key(mail("One.\n", header=bare)) != key(mail("Two.\n", header=bare))


def test_empty_mails_without_any_name_differ_by_their_bytes():
    assert key(b"MIME-Version: 1.0\n\n") != key(b"Content-Type: text/plain\n\n")


def test_bytes_that_are_no_mail_differ_too():
    assert key(b"\x00\x01") != key(b"\x00\x02")
