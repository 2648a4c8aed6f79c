"""The mail in a prompt: shown whole where it is short, by its beginning and end where it is only to be sorted."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tasks.providers.catalogue.tokens import estimate_tokens
from tasks.understand.prompts import GLANCE_HEAD, GLANCE_TAIL, glance

MARK = re.compile(r"\n\[\.\.\. (\d+) words left out \.\.\.\]\n")


@given(st.text(max_size=3_000) | st.lists(st.text(max_size=12)).map(" ".join))
def test_a_glance_is_the_text_or_its_beginning_and_end(text: str) -> None:
    shown = glance(text)
    if estimate_tokens(text) <= GLANCE_HEAD + GLANCE_TAIL:
        assert shown == text
        return
    head, _mark, tail = MARK.split(shown, maxsplit=1)
    assert text.startswith(head)
    assert text.endswith(tail)


def test_a_glance_says_how_many_words_it_leaves_out() -> None:
    text = " ".join(f"word{n}" for n in range(1_000))
    head, left_out, tail = MARK.split(glance(text))
    assert len(head.split()) + int(left_out) + len(tail.split()) == 1_000
    assert estimate_tokens(head) <= GLANCE_HEAD
    assert estimate_tokens(tail) <= GLANCE_TAIL


def test_a_glance_at_text_without_spaces_is_short_too() -> None:
    shown = glance("会议" * 2_000)
    assert estimate_tokens(shown) < 1.2 * (GLANCE_HEAD + GLANCE_TAIL)
