"""Long text fits: cut or split where sentences end, nothing lost, nothing too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parsing.cutting import CUT_MARK, cut_text, split_text


def words(text):
    return len(text.split())


STORY = "One two three. Four five six! Seven eight? Nine ten.\n\nEleven twelve."


def test_what_fits_is_left_alone():
    assert cut_text(STORY, 100, words) == (STORY, False)


def test_a_text_is_cut_where_a_sentence_ends_and_says_so():
    cut = cut_text(STORY * 3, 7 + words(CUT_MARK), words)

    assert cut == ("One two three. Four five six!" + CUT_MARK, True)


def test_without_room_for_the_mark_it_is_cut_without_it():
    assert cut_text(STORY, 4, words) == ("One two three.", True)


@pytest.mark.parametrize(
    ("text", "most", "first"),
    [
        ("Am 3. November kommt sie. Danach nicht.", 30, "Am 3. November kommt sie."),
        ("J. Smith signed it. Then he left.", 25, "J. Smith signed it."),
        ("会議は明日です。資料は今日送ります。", 12, "会議は明日です。"),
        ("one two three four five six seven", 12, "one two"),
        ("x" * 50, 10, "x" * 10),
        ('He said "no." She left at once.', 20, 'He said "no."'),
    ],
)
def test_the_border_is_a_sentence_s_end_else_a_word_s_else_the_limit(text, most, first):
    assert split_text(text, most, len)[0].rstrip() == first


@given(st.text(max_size=400), st.integers(1, 50))
def test_parts_are_the_text_and_each_within_the_limit(text, most):
    parts = split_text(text, most, len)

    assert "".join(parts) == text
    assert all(0 < len(part) <= most for part in parts)


@given(st.text(max_size=400), st.integers(1, 60))
def test_a_cut_text_is_within_the_limit_and_begins_as_the_text_does(text, most):
    cut, was_cut = cut_text(text, most, len)

    assert len(cut) <= most
    assert text.startswith(cut.removesuffix(CUT_MARK))
    assert was_cut == (len(text) > most)
