"""The answers' types: rows for objects, and faults that quote nobody."""

from __future__ import annotations

import json

import pytest

from tasks.providers.gateway.answer_reading import read_answer
from tasks.understand.answers import analysis_of

ITEMS = analysis_of(frozenset({"action_items"}))


def test_a_row_is_an_item_and_what_the_mail_does_not_say_is_null() -> None:
    found, _faults = read_answer(ITEMS, json.dumps({"action_items": [["Send it", "", "Friday", "send it by Friday"]]}))
    assert found is not None
    item = {"text": "Send it", "owner": None, "due": "Friday", "quote": "send it by Friday"}
    assert found.model_dump() == {"action_items": [item]}


@pytest.mark.parametrize("row", [["a secret"], ["a secret", "", "", "", ""], ["a secret", "", "", 7], "a secret"])
def test_a_row_that_is_none_is_a_fault_that_says_so_without_its_words(row: object) -> None:
    found, faults = read_answer(ITEMS, json.dumps({"action_items": [row]}))
    assert found is None
    assert "action_items.0" in faults
    assert "secret" not in faults
