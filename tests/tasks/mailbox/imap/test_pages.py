"""Parsing of a server's responses, and the sizes of pages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.mailbox.imap.pages import PAGE_BYTES, PAGE_MAILS, read_response, split_pages


def test_a_mail_may_come_in_any_shape_the_protocol_has():
    response = [
        (b"1 (UID 7 BODY[] {3}", b"abc"),
        b")",
        b"9 (FLAGS (\\Seen) UID 99)",
        (b"2 (BODY[]<0> {3}", b"def"),
        b" UID 8)",
        b'3 (UID 9 BODY[] "say \\"hi\\"")',
        b"4 (UID 10 BODY[] NIL)",
        None,
    ]
    assert {uid: raw for uid, raw, _ in read_response(response)} == {7: b"abc", 8: b"def", 9: b'say "hi"', 10: b""}


@given(st.dictionaries(st.integers(1, 10_000), st.integers(0, 2 * PAGE_BYTES), max_size=200))
def test_pages_hold_each_mail_once_in_order_and_stay_small(sizes):
    pages = list(split_pages(sizes))
    assert [uid for page in pages for uid in page] == sorted(sizes)
    assert all(len(page) <= PAGE_MAILS for page in pages)
    assert all(len(page) == 1 or sum(sizes[uid] for uid in page) <= PAGE_BYTES for page in pages)
