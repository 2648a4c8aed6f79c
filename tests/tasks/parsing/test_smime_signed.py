"""A mail inside its S/MIME signature is read; what is no signature, or a broken one, is left alone."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parsing.read_mail import read_mail
from tasks.parsing.smime_signed import signed_content
from tests.tasks.parsing.mails import typed

INNER = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe signed words.\r\n"
SIGNED, ENVELOPED, DATA = (bytes.fromhex(f"06092a864886f70d01070{n}") for n in "231")


def element(tag, *contents):
    content = b"".join(contents)
    size = len(content).to_bytes(3, "big")
    return bytes([tag]) + (bytes([len(content)]) if len(content) < 0x80 else b"\x83" + size) + content


def endless(tag, *contents):
    return bytes([tag, 0x80]) + b"".join(contents) + b"\0\0"


def signature(content, kind=SIGNED, made=element):
    wrapped = made(0x30, DATA, made(0xA0, content)) if content else made(0x30, DATA)
    return made(0x30, kind, made(0xA0, made(0x30, element(2, b"\1"), element(0x31), wrapped, element(0x31))))


WHOLE = signature(element(4, INNER))
PIECES = signature(endless(0x24, element(4, INNER[:9]), element(4, INNER[9:])), made=endless)


@pytest.mark.parametrize("data", [WHOLE, PIECES])
def test_a_mail_inside_its_signature_is_read(data):
    raw = typed(
        "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
        base64.encodebytes(data),
        "Content-Transfer-Encoding: base64",
    )
    got = read_mail(raw)

    assert (got.text, got.signed, got.encrypted, got.quarantine) == ("The signed words.", True, False, "")
    assert [one.reason for one in got.attachments] == ["a signature; its content is this mail's"]


@pytest.mark.parametrize(
    "data", [signature(b""), signature(element(4, INNER), kind=ENVELOPED), b"", b"0", WHOLE[:60], b"\x30\x80" * 500]
)
def test_what_holds_no_content_gives_none(data):
    assert signed_content(data) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_content_or_none(data):
    signed_content(b"\x30\x80" + SIGNED + data)
    signed_content(data)
