"""The answers' types: rows for objects, and faults that quote nobody."""

from __future__ import annotations

import json

import pytest

from tasks.providers.apis.schemas import strict_schema
from tasks.providers.gateway.answer_reading import read_answer
from tasks.understand.answers import Triage, analysis_of, triages_of

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


TRIAGE = {"reason": "It fails.", "category": "URGENT", "language": "en", "needs_reply": True, "complexity": "simple"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (90, 0.9), (100, 1.0), (0, 0.0), (4, 0.04), (0.9, 0.9), (1, 1.0), ("75", 0.75), ("75%", 0.75), ("0.8", 0.8),
        ("High", 0.9), (150, None), (-3, None), ("perhaps", None), (None, None), (True, None), ([90], None),
    ],
)  # fmt: skip
def test_a_confidence_is_read_as_it_is_meant_and_missing_where_it_cannot_be(said: object, meant: float | None) -> None:
    found, _faults = read_answer(Triage, json.dumps(TRIAGE | {"confidence": said}))
    assert found is not None
    assert found.confidence == meant


def test_a_triage_without_a_confidence_is_one() -> None:
    found, _faults = read_answer(Triage, json.dumps(TRIAGE))
    assert found is not None
    assert found.confidence is None


@pytest.mark.parametrize(("said", "meant"), [("EN", "en"), ("pt-BR", "pt"), ("German", "de"), ("ja", "ja")])
def test_a_language_is_read_by_its_code_or_its_name(said: str, meant: str) -> None:
    found, _faults = read_answer(Triage, json.dumps(TRIAGE | {"language": said}))
    assert found is not None
    assert found.language == meant


def test_an_entry_in_another_case_is_not_lost_among_several() -> None:
    triages = triages_of(("URGENT", "OTHER"))
    entry = TRIAGE | {"key": "k", "category": "urgent", "confidence": 80, "more": 1}
    found, _faults = read_answer(triages, json.dumps({"mails": [entry]}))
    assert found is not None
    assert [one.category for one in found.mails] == ["URGENT"]


def test_rows_and_replies_come_as_objects_where_a_dialect_holds_no_list_to_a_length() -> None:
    both = analysis_of(frozenset({"action_items", "replies"}))
    fields = strict_schema(both, "grammar")["properties"]
    assert list(fields["action_items"]["items"]["properties"]) == ["text", "owner", "due", "quote"]
    assert fields["replies"]["required"] == ["first", "second", "third"]
    assert strict_schema(both, "openai")["properties"]["replies"]["minItems"] == 3
    item = {"text": "Send it", "owner": "", "due": "Friday", "quote": "send it"}
    answer = {"action_items": [item], "replies": {"first": "a", "second": "b", "third": "c"}}
    found, _faults = read_answer(both, json.dumps(answer))
    assert found is not None
    assert found.model_dump() == {"action_items": [item | {"owner": None}], "replies": ["a", "b", "c"]}


def test_reasons_come_before_what_they_lead_to_and_keys_before_all() -> None:
    for schema in (
        strict_schema(Triage, "openai"),
        strict_schema(triages_of(("A",)), "openai")["properties"]["mails"]["items"],
    ):
        names = list(schema["properties"])
        assert names.index("reason") < names.index("category")
        assert "key" not in names or names[0] == "key"
