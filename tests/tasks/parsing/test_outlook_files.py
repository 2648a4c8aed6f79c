"""A mail that Outlook saved as a file of its own is read like any other, also inside another mail."""

from datetime import UTC, datetime

import compressed_rtf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.parsing.limits import Limits
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import PNG, with_file
from tests.tasks.parsing.outlook_files import attachment, compound_file, recipient, storage, stream, ticks

MOMENT = datetime(2026, 11, 13, 9, 0, tzinfo=UTC)
SENDER = dict([stream(0x0042, "Müller, Jörg"), stream(0x5D02, "joerg@firm.example")])


def saved(*streams, fixed=None, **inside):
    """A .msg of these properties with the usual sender, date and subject."""
    usual = SENDER | dict([stream(0x0037, "Angebot für Montag")])
    return storage(32, {0x0039: ticks(MOMENT.timestamp())} | (fixed or {})) | usual | dict(streams) | inside


def test_a_mail_is_made_of_its_properties():
    tree = saved(
        stream(0x1000, "Können wir am Montag liefern?\r\nJörg"),
        stream(0x1035, "<one@firm.example>"),
        **{
            "__recip_version1.0_#00000000": recipient(1, "Ann", "ann@example.org"),
            "__recip_version1.0_#00000001": recipient(2, "Bob", "bob@example.org"),
            "__attach_version1.0_#00000000": attachment("Plan für Ann.txt", b"row 4"),
            "__attach_version1.0_#00000001": attachment("b.png", PNG),
        },
    )
    got = read_mail(compound_file(tree))

    assert (got.sender_name, got.sender_address) == ("Müller, Jörg", "joerg@firm.example")
    assert (got.to, got.cc, got.subject) == (("ann@example.org",), ("bob@example.org",), "Angebot für Montag")
    assert (got.date, got.message_id) == (MOMENT, "one@firm.example")
    assert (got.text, got.language) == ("Können wir am Montag liefern?\nJörg", "de")
    assert [(one.name, one.fate) for one in got.attachments] == [("Plan für Ann.txt", "text"), ("b.png", "media")]
    assert read_mail(compound_file(tree)).message_key == got.message_key


def test_the_header_that_came_over_the_wire_is_believed():
    header = (
        "Received: from a.example by b.example\r\nFrom: Ann <ann@example.org>\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n"
        "Message-ID: <two@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    )
    got = read_mail(compound_file(saved(stream(0x007D, header), stream(0x1000, "Hi there."))))

    assert (got.sender_address, got.subject, got.message_id) == ("ann@example.org", "café", "two@example.org")
    assert (got.text, got.date, got.attachments) == ("Hi there.", MOMENT, ())


@pytest.mark.parametrize(
    ("body", "fixed", "text"),
    [
        (stream(0x1013, "<p>Größe <b>M</b></p>".encode("cp1252")), {0x3FDE: 1252}, "Größe M"),
        (stream(0x1009, compressed_rtf.compress(rb"{\rtf1\ansi Gr\'f6\'dfe M\par}")), {}, "Größe M"),
        (("__substg1.0_1000001E", "Жду ответа".encode("cp1251")), {0x3FFD: 1251}, "Жду ответа"),
    ],
)
def test_a_text_is_read_in_each_form_that_outlook_keeps(body, fixed, text):
    assert read_mail(compound_file(saved(body, fixed=fixed))).text == text


def test_an_address_of_exchange_is_no_address():
    tree = saved(stream(0x1000, "Hi")) | dict([stream(0x5D02, ""), stream(0x0065, "/O=FIRM/CN=RECIPIENTS/CN=ANN")])

    assert (read_mail(compound_file(tree)).sender_name, read_mail(compound_file(tree)).sender_address) == (
        "Müller, Jörg",
        "",
    )


def test_a_mail_inside_a_mail_is_part_of_its_thread():
    inner = storage(24) | dict([stream(0x0037, "Old"), stream(0x1000, "The old words.")])
    holder = storage(8) | {"__substg1.0_3701000D": inner}
    outer = compound_file(saved(stream(0x1000, "See the mail."), **{"__attach_version1.0_#00000000": holder}))

    assert [(one.subject, one.text) for one in read_mail(outer).thread] == [("Old", "The old words.")]
    attached = read_mail(with_file("Old.msg", "application/vnd.ms-outlook", outer))
    assert [one.subject for one in attached.thread] == ["Angebot für Montag", "Old"]
    assert attached.attachments == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (compound_file(saved(stream(0x1000, "x")))[:2_000], "damaged"),
        (compound_file({"WordDocument": b"x" * 100}), "no mail"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 4_000, "damaged"),
    ],
)
def test_what_cannot_be_read_names_outlook_and_a_way(data, why):
    got = read_mail(data)

    assert why in got.quarantine
    assert "save it as .eml" in got.quarantine


def test_a_damaged_mail_beside_a_mail_is_an_attachment_with_the_reason():
    data = compound_file(saved(stream(0x1000, "x" * 9_000)))
    data = data[:48] + b"\xf0" * 4 + data[52:]  # where the directory begins
    (one,) = read_mail(with_file("a.msg", "application/octet-stream", data)).attachments

    assert (one.name, one.fate) == ("a.msg", "skipped")
    assert one.reason


WHOLE = compound_file(
    saved(
        stream(0x1000, "Some words."),
        stream(0x1009, compressed_rtf.compress(rb"{\rtf1 Some words.}")),
        **{"__attach_version1.0_#00000000": attachment("a.txt", b"x" * 5_000)},
    )
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=12), st.integers(0, 9)
)
def test_any_few_changed_bytes_give_a_mail_or_a_reason(changes, tenths):
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    got = read_mail(bytes(data[: len(data) - len(data) * tenths // 20]))

    assert got.text or got.attachments or got.subject or got.quarantine
    assert not got.quarantine.startswith("the reader failed")


def test_bounds_hold_for_outlooks_files():
    assert "more than the 1,000 bytes" in read_mail(compound_file(saved()), Limits(mail_bytes=1_000)).quarantine
