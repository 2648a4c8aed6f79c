"""The quick look for signs of a link never overlooks what the full pattern would find."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.links import _LINKS, _SIGNS, names_address, without_links

ONE_OF_EACH = [
    "http://a.example", "x-y+z://host", "mailto:a", "tel:5", "jo@host", "www.-a", "WWW.x", "a-.example/x", "ab.com", "10.0.0.1",
    "+49 151 2345678", "DE89 3704 0044 0532 0130 00", "ſite.com", "٣٤.٣.٣.٣",
]  # fmt: skip
PIECES = st.sampled_from(
    [*ONE_OF_EACH, "a", "-", ".", " ", ":", "/", "@", "+", "3", "AB", "com", "\n", "é", "<", "www."]
)


@pytest.mark.parametrize("text", ONE_OF_EACH)
def test_each_kind_of_link_is_seen(text: str) -> None:
    assert names_address(f"look at {text} now")
    assert without_links(f"look at {text} now") != f"look at {text} now"


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40))
def test_whatever_is_a_link_has_a_sign(text: str) -> None:
    found = _LINKS.search(text)
    assert found is None or _SIGNS.search(text)
