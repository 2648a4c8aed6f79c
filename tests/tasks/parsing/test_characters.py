"""Invisible characters are removed from the text for a model; those that scripts need are kept."""

import pytest

from tasks.parsing.characters import clean_for_model


@pytest.mark.parametrize(
    ("text", "cleaned", "removed"),
    [
        ("plain", "plain", 0),
        ("in\u200bvis\u00adible", "invisible", 2),
        ("pass\u202eword", "password", 1),
        ("tag\U000e0041\U000e0042", "tag", 2),
        ("a\u200db", "ab", 1),
        ("null\x00 esc\x1b[31m", "null esc[31m", 2),
        ("one\u2028two", "one\ntwo", 0),
        ("line\nnext\ttab", "line\nnext\ttab", 0),
        ("می\u200cخواهم", "می\u200cخواهم", 0),
        ("क्\u200dष", "क्\u200dष", 0),
        ("👩\u200d💻", "👩\u200d💻", 0),
        ("Grüße, 会議, Привет", "Grüße, 会議, Привет", 0),
    ],
)
def test_only_what_is_not_seen_goes(text, cleaned, removed):
    assert clean_for_model(text) == (cleaned, removed)
