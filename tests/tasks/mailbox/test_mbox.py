"""Mbox files: where one mail ends and the next begins, in constant memory."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.mailbox import lines as mbox_lines
from tasks.mailbox import mbox
from tasks.mailbox.blobs import Blob

FROM = b"From someone@example.com Fri Nov 13 10:00:00 2026\n"


def split(content: bytes) -> list[bytes]:
    return [bytes(mail.kept) for mail in mbox.split_mails(io.BytesIO(content))]


def quoted(mail: bytes) -> bytes:
    """The mail as mboxrd keeps it: every line `From `, quoted or not, gets one more `>`."""
    return re.sub(rb"(?m)^(>*From )", rb">\1", mail)


lines = st.one_of(
    st.sampled_from([b"", b"From ", FROM.strip(), b">From here", b">>From ", b"Subject: x", b"text", b"\r", b"-- "]),
    st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")),
)
mails = st.lists(lines, max_size=12).map(lambda some: b"\n".join([b"Subject: generated", *some]) + b"\n")


@given(st.lists(mails, min_size=1, max_size=8))
def test_mails_written_into_an_mbox_come_out_as_they_were(some):
    assert split(b"".join(FROM + quoted(mail) + b"\n" for mail in some)) == some


@given(st.binary(max_size=2_000))
def test_any_bytes_are_split_without_losing_any(junk):
    content = FROM + b"Subject: x\n\n" + junk
    mails = split(content)
    given = b"".join(mails)
    assert len(given) <= len(content)
    assert _plain_text(given) == _plain_text(content)


def _plain_text(content: bytes) -> bytes:
    """What has to stay: all but From_ lines, which separate or are quoted, and blank lines at the mails' ends."""
    return re.sub(rb"\s", b"", re.sub(rb"(?m)^>*From .*$", b"", content))


def test_a_line_that_only_looks_like_a_separator_stays_in_the_mail():
    text = b"Subject: x\n\nFrom now on we meet at 10:00, as we did in 2025.\nSee you.\n"
    assert split(FROM + text + b"\n" + FROM + b"Subject: y\n\n.\n") == [text, b"Subject: y\n\n.\n"]


def test_windows_line_ends_are_kept_and_split_alike():
    content = (FROM + b"Subject: x\n\nText.\n\n").replace(b"\n", b"\r\n")
    assert split(content * 2) == [b"Subject: x\r\n\r\nText.\r\n"] * 2


def test_an_mbox_without_dates_is_split_after_blank_lines():
    mail = b"Subject: x\n\nFrom me to you:\nhi\n"
    assert split(b"From -\n" + mail + b"\nFrom -\n" + mail) == [mail, mail]


HEADER = b"From: Ann <ann@example.org>\nSubject: more\nMessage-ID: <b@example.org>\n\n"


@pytest.mark.parametrize(
    "other", [b"From \n", b"From -\n", b"From\n", b"From ann@example.org\n", b"From MAILER-DAEMON\n"]
)
@pytest.mark.parametrize("first", [FROM, b"From -\n", b"From \n"])
def test_separators_of_several_forms_may_stand_in_one_file(first, other):
    one, two = HEADER + b"One.\n", HEADER + b"Two.\n"

    assert split(first + one + b"\n" + other + two + b"\n" + FROM + one) == [one, two, one]


@pytest.mark.parametrize("first", [b"", b">" + FROM])
@pytest.mark.parametrize("other", [FROM, b"From -\n"])
def test_a_first_mail_whose_separator_is_missing_or_quoted_is_read(first, other):
    one, two = HEADER + b"One.\n", HEADER + b"Two.\n"

    assert split(first + one + b"\n" + other + two) == [one, two]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\r\n\n"])
def test_a_mark_or_blank_lines_before_the_first_mail_are_none_of_it(mark):
    assert split(mark + FROM + HEADER + b"One.\n") == [HEADER + b"One.\n"]


@pytest.mark.parametrize(
    "held",
    [
        b"\nFrom here on all is new.\n" + HEADER + b"End.\n",
        b"\nFrom the desk of Ann\n" + HEADER + b"End.\n",
        b"no blank line above\nFrom ann@example.org\n" + HEADER + b"End.\n",
        b"\nFrom Ann:\nSubject: old\nTo: bob@example.org\n\nEnd.\n",
    ],
)
@pytest.mark.parametrize("first", [FROM, b"From -\n"])
def test_a_text_that_holds_from_and_a_header_is_one_mail_that_says_so(first, held):
    mail = HEADER + held
    (one, two) = mbox.split_mails(io.BytesIO(first + mail + b"\n" + first + HEADER + b"Two.\n"))

    assert (bytes(one.kept), bytes(two.kept)) == (mail, HEADER + b"Two.\n")
    assert (one.defects, two.defects) == ([mbox.HOLDS_FROM], [])


def counted(body: bytes, length: int | None = None) -> bytes:
    return b"Subject: x\nContent-Length: %d\n\n" % (len(body) if length is None else length) + body


def test_a_body_of_stated_length_is_not_looked_into():
    body = b"See:\n\n" + FROM + HEADER + b"forged\n\n>From me\n"
    mails = list(mbox.split_mails(io.BytesIO(FROM + counted(body) + b"\n" + FROM + counted(b"Two.\n"))))

    assert [bytes(mail.kept) for mail in mails] == [counted(body), counted(b"Two.\n")]
    assert [mail.defects for mail in mails] == [[mbox.HOLDS_FROM], []]


def test_a_counted_body_whose_lines_are_quoted_loses_the_quoting():
    body = b"One\n>From me\n"

    assert split(FROM + counted(body) + b"\n" + FROM + HEADER)[0] == counted(body).replace(b">From", b"From")


@pytest.mark.parametrize("length", [0, 1, 4, 7, 50, 10**9, 10**12 - 1])
def test_a_wrong_length_joins_and_splits_nothing(length):
    one, two = counted(b"One one.\n", length), HEADER + b"Two.\n"

    assert split(FROM + one + b"\n" + FROM + two + b"\n" + FROM + two) == [one, two, two]


def test_a_separator_inside_an_endless_line_is_none():
    for over in range(-2, 3):
        text = b"Subject: x\n\n" + b"x" * (mbox_lines.LINE_BYTES + over) + FROM + b"Subject: forged\n\n.\n"
        assert split(FROM + text) == [text]


def test_a_mail_knows_its_number_in_the_file():
    blob = Blob(
        name="a.mbox", where="a.mbox", size_bytes=0, open=lambda: io.BytesIO(FROM + b"Subject: x\n\n.\n\n" + FROM)
    )
    assert [(row.source_id, row.origin.mailbox) for row in mbox.read(blob, "here")] == [
        ("a.mbox#1", "a.mbox"),
        ("a.mbox#2", "a.mbox"),
    ]


class Endless(io.RawIOBase):
    """A stream of so many bytes that are made as they are read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        self._rest = self._rest or next(self._pieces, b"")
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_big_mbox_is_read_in_flat_memory():
    mail = FROM + b"Subject: x\n\n" + (b"A paragraph in one line, as programs write it. " * 20 + b"\n") * 20 + b"\n"
    stream = io.BufferedReader(Endless(mail for _ in range(50_000_000 // len(mail))))
    tracemalloc.start()
    count = sum(1 for _ in mbox.split_mails(stream))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 50_000_000 // len(mail)
    assert peak < 1_000_000


def test_a_mail_beyond_all_bounds_is_cut_and_its_size_told(monkeypatch):
    monkeypatch.setattr(mbox_lines, "KEPT_BYTES", 10_000)
    big = b"Subject: x\n\n" + b"y" * 99 + b"\n" + b"z" * 99_999 + b"\n"
    mails = list(mbox.split_mails(io.BytesIO(FROM + big + b"\n" + FROM + b"Subject: z\n\n.\n")))
    assert (bytes(mails[0].kept), mails[0].size_bytes) == (big[:10_000], len(big) + 1)
    assert bytes(mails[1].kept) == b"Subject: z\n\n.\n"


@pytest.mark.parametrize("content", [b"", FROM, FROM + b"\n", (FROM + b"\n") * 3])
def test_separators_alone_make_empty_mails_and_no_error(content):
    assert all(mail.strip() == b"" for mail in split(content))
