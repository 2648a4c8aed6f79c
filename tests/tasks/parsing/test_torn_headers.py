"""A bad line in a header loses only that line, not the fields below it."""

import pytest

from tasks.parsing.read_mail import read_mail

HEADER = """From: Ann Example <ann@example.org>
To: team@example.org
Subject: Lunch
Date: Fri, 13 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
"""
BODY = "\n<p>At noon?</p>\n"


def torn(old, new, header=HEADER):
    assert old in header
    return (header.replace(old, new, 1) + BODY).encode()


TORN = {
    "a trace goes on unindented": torn("From:", "Received: from a.example by b.example\nwith ESMTP id 7; Fri\nFrom:"),
    "no colon above": torn("From:", "X-Spam 5 of 10\nFrom:"),
    "no colon between": torn("Subject:", "this is no field\nSubject:"),
    "no colon below a date": torn("+0100\n", "+0100\nthis is no field\n"),
    "no colon below a type": torn("utf-8\n", "utf-8\nthis is no field\nX-Mailer: x\n"),
    "no colon behind Subject": torn("Subject:", "Subject"),
    "no colon behind From": torn("From:", "From"),
    "no colon behind Date": torn("Date:", "Date"),
    "blanks before colons": torn("From:", "From :").replace(b"Subject:", b"Subject\t:").replace(b"Type:", b"Type :"),
    "a quoted From line first": torn("From:", ">From ann@example.org Fri Nov 13 10:00:00 2026\nFrom:"),
    "a From line first": torn("From:", "From ann@example.org Fri Nov 13 10:00:00 2026\nFrom:"),
    "a From line between": torn("To:", ">From ann@example.org Fri Nov 13 10:00:00 2026\nTo:"),
    "commands of SMTP": torn(
        "From:", "EHLO a.example\nMAIL FROM:<ann@example.org>\nRCPT TO:<b@c.example>\nDATA\nFrom:"
    ),
    "answers of SMTP": torn("From:", "220 mx.example ESMTP\nHELO a\n250 OK\nDATA\n354 go ahead\n\nFrom:"),
    "parameters unindented": torn("html; charset", "html;\ncharset"),
    "an address unindented": torn("Example <", "Example\n<"),
    "a value on the next line": torn("Subject: ", "Subject:\n"),
    "encoded words unindented": torn("Lunch", "=?utf-8?q?Lu?=\n=?utf-8?q?nch?="),
    "a signature unindented": torn("MIME", "DKIM-Signature: v=1; b=abc\nDEF+/=\nMIME"),
    "a blank line in the header": torn("From:", "Return-Path: <ann@example.org>\nReceived: from a.example\n\nFrom:"),
    "carriage returns doubled": torn("From:", "From:").replace(b"\n", b"\r\r\n"),
}


@pytest.mark.parametrize("raw", TORN.values(), ids=TORN.keys())
def test_all_other_fields_and_the_text_are_read(raw):
    got = read_mail(raw)

    assert (got.sender_name, got.sender_address, got.subject) == ("Ann Example", "ann@example.org", "Lunch")
    assert got.date is not None
    assert (got.to, got.text, got.body_source) == (("team@example.org",), "At noon?", "html")


def test_what_was_put_right_is_a_defect():
    assert read_mail(TORN["no colon between"]).parse_defects == ("torn header",)
    assert read_mail(TORN["commands of SMTP"]).parse_defects == ("smtp preamble",)
    assert read_mail((HEADER + BODY).encode()).parse_defects == ()


def test_the_end_of_an_smtp_session_is_no_text():
    raw = b"HELO a\r\nMAIL FROM:<a@b.example>\r\nDATA\r\nSubject: x\r\n\r\nHello.\r\n.\r\nQUIT\r\n"

    assert read_mail(raw).text == "Hello."


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Subject: x\nHello there,\nwe meet at: noon\n\nBye", "Hello there,\nwe meet at: noon\n\nBye"),
        (b"Dear all,\nSubject: lunch\nat noon", "Dear all,\nSubject: lunch\nat noon"),
        (b"From: a@b.example\nSubject: x\nSee below\nFrom: c@d.example\nTo: e@f.example\nSubject: y\n\nz", "See below"),
        (b"// No mail\nSee: this\n\nfoo", "// No mail\nSee: this\n\nfoo"),
    ],
)
def test_a_body_without_a_blank_line_above_it_stays_a_body(raw, text):
    got = read_mail(raw)

    assert got.text.startswith(text)
    assert got.date is None
