"""Two Mailrooms that answer each other automatically stop soon, even if header fields are lost on the way."""

import re
from dataclasses import replace

import pytest

from tests.services.dovecot import Dovecot
from tests.tasks.act.office import Office

SEND = {"action": "send_reply", "suggestion": 1, "hold": False}
FIRST = (
    b"From: Desk <desk@b.example>\r\nTo: desk@a.example\r\nSubject: Hello\r\nMessage-ID: <first@b.example>\r\n"
    b"Content-Type: text/plain\r\n\r\nCan you help us?\r\n"
)


def as_it_is(raw):
    return raw


def without_marks(raw):
    return re.sub(rb"(?im)^(Auto-Submitted|X-Loop|X-Auto-Response-Suppress):.*\r\n", b"", raw)


def without_marks_and_ids(raw):
    marks_gone = re.sub(rb"(?im)^(References|In-Reply-To):.*\r\n(?: .*\r\n)*", b"", without_marks(raw))
    return re.sub(rb"(?im)^Message-ID:.*\r\n", b"Message-ID: <new%d@relay.example>\r\n" % len(raw), marks_gone)


def from_another_address(raw):
    return without_marks(raw).replace(b"<desk@", b"<desk%d@" % len(raw))


@pytest.mark.parametrize("relay", [as_it_is, without_marks, without_marks_and_ids, from_another_address])
def test_one_mail_between_two_instances_is_two_on_the_wire_at_most(dovecot: Dovecot, tmp_path, smtp_sink, relay):
    desks = {name: desk(name, dovecot, tmp_path, smtp_sink.port) for name in ("a", "b")}
    on_the_wire, to, raw = 0, "a", FIRST
    for number in range(10):
        answer(desks[to], to, vouched(raw), f"{to}{number}")
        new = smtp_sink.mails[on_the_wire:]
        if not new:
            break
        ((recipient,), raw), on_the_wire = new[0], len(smtp_sink.mails)
        to, raw = recipient.rpartition("@")[2].partition(".")[0], relay(raw)

    assert 1 <= on_the_wire <= 2


def desk(name: str, dovecot: Dovecot, folder, port: int) -> Office:
    settings = {
        "reply_from": f"Desk <desk@{name}.example>", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none",
    }  # fmt: skip
    return Office(f"sqlite:///{folder / name}.db", dovecot.new_account(), settings)


def vouched(raw: bytes) -> bytes:
    domain = re.search(rb"(?im)^From:.*@([a-z.]+)", raw)[1]
    return b"Authentication-Results: mx.us.example; dmarc=pass header.from=%s\r\n%s" % (domain, raw)


def answer(office: Office, name: str, raw: bytes, key: str) -> None:
    received = replace(office, raw=raw, key=key)
    received.receive()
    received.act(SEND, replies=["We will look at it.", "Second", "Third"])
