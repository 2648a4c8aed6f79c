import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.plain import narrow_cell, plain_cell


@given(st.text(max_size=300), st.integers(10, 100))
def test_nothing_is_left_that_a_page_would_run_or_fetch(text, most):
    shown = plain_cell(text, most)

    assert len(shown) <= most
    assert not re.search(r"[<>\[\]|`\n\r\\&]", shown)
    assert not re.search(r"https?:|javascript:|data:", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Quarterly figures – 3 % up", "Quarterly figures – 3 % up"),
        ("<img src=x onerror=alert(1)>", "‹img src=x onerror=alert(1)›"),
        ("![p](http://evil.example/t.gif)", "!(p)(http ://evil.example/t.gif)"),
        ("two\nlines", "two lines"),
    ],
)
def test_ordinary_text_stays_readable(text, shown):
    assert plain_cell(text, 100) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mobile App Performance Update", "Mobile App Performance Up…"),
        ("ログインできない問題についてのお問い合わせ", "ログインできない問題につ…"),
        ("緊急 urgent", "緊急 urgent"),
        ("", ""),
    ],
)
def test_a_narrow_cell_counts_wide_letters_twice(text, shown):
    assert narrow_cell(text, 26) == shown
