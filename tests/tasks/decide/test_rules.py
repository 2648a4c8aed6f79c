import json
import pickle
from itertools import product

import pytest

from tasks.decide.decide import decide_row
from tasks.decide.rules import analyses_for, load_rules
from tasks.errors import Misconfigured


def book(rules=(), analyses=()):
    return json.dumps({"rules": list(rules), "analyses": list(analyses)})


def fault(text):
    with pytest.raises(Misconfigured) as caught:
        load_rules(text)
    return str(caught.value)


def test_an_unknown_column_names_the_rule_its_position_and_the_column():
    said = fault(book([{"name": "fine", "when": "true"}, {"name": "vip", "when": "sendr == 'a'"}]))

    assert "`rules` 2" in said
    assert "`vip`" in said
    assert "column 1" in said
    assert "sendr" in said


def test_a_condition_that_is_no_question_of_yes_or_no_is_refused():
    assert "gives a STRING" in fault(book([{"name": "r", "when": "category"}]))
    assert "gives a DYN" in fault(book([{"name": "r", "when": "dyn(needs_reply)"}]))


def test_a_condition_that_breaks_on_an_empty_mail_is_refused():
    assert "nothing in it" in fault(book([{"name": "r", "when": "attachments[0].name == 'x'"}]))
    assert "nothing in it" in fault(book([{"name": "r", "when": "1 / tokens == 1"}]))
    assert "nothing in it" in fault(book([{"name": "r", "when": "subject.matches('(')"}]))


def test_a_whole_number_beside_confidence_is_explained():
    assert "0.5" in fault(book([{"name": "r", "when": "confidence < 1"}]))


def test_an_overlong_condition_is_refused():
    assert "at most 500" in fault(book([{"name": "r", "when": "true || " * 80 + "true"}]))


def test_a_loop_in_a_loop_in_a_loop_ends_at_once():
    numbers = "[" + ",".join("1" * 60) + "]"
    nested = f"{numbers}.all(a, {numbers}.all(b, {numbers}.all(c, a + b + c > 0)))"

    assert "budget" in fault(book([{"name": "r", "when": nested}]))


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"action": "explode"}, "explode"),
        ({"action": "label"}, "label"),
        ({"action": "label", "label": "two words"}, "pattern"),
        ({"action": "label", "label": "x) (\\Deleted"}, "pattern"),
        ({"action": "webhook", "endpoint": "http://evil.example/"}, "pattern"),
        ({"action": "send_reply", "to": "a@b.c"}, "to"),
        ({"action": "send_reply", "hold": "no"}, "hold"),
    ],
)
def test_a_bad_action_is_named_with_its_rule_and_place(action, said):
    text = fault(book([{"name": "first", "when": "true", "then": [{"action": "flag"}, action]}]))

    assert "`rules` 1, `first`" in text
    assert "then.2" in text
    assert said in text


def test_a_name_used_twice_is_refused():
    assert "taken by number 1" in fault(book([{"name": "r", "when": "true"}, {"name": "r", "when": "true"}]))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"rules": []}', '{"rules": {}, "analyses": []}', '{"rules":[3],"analyses":[]}']
)
def test_a_text_that_is_no_rule_file_is_refused(text):
    assert "ules" in fault(text)


def test_the_shipped_rules_load_and_fit_into_a_prefect_variable():
    assert len(json.dumps(json.loads(load_rules().text))) < 5_000


def test_rules_travel_between_processes():
    rules = load_rules()

    assert pickle.loads(pickle.dumps(rules)).text == rules.text


def row(**columns):
    return {
        "category": "OTHER",
        "language": "en",
        "target_language": "en",
        "needs_reply": False,
        "kind": "mail",
        **columns,
    }


ALL = {"summary", "translation", "action_items", "replies"}


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"category": "MARKETING", "target_language": "ja"}, set()),
        ({"category": "SUPPORT", "target_language": "es"}, ALL),
        ({"category": "URGENT", "target_language": "es"}, ALL),
        ({"category": "MEETING"}, ALL - {"translation"}),
        ({"category": "PERSONAL"}, {"summary", "replies"}),
        ({"category": "OTHER"}, {"summary", "action_items"}),
        ({"category": "OTHER", "needs_reply": True, "target_language": "ja"}, ALL),
        ({"category": "OTHER", "kind": "bounce"}, {"summary"}),
        ({"category": "SUPPORT", "kind": "list"}, {"summary", "action_items"}),
    ],
)
def test_a_mail_is_asked_what_it_is_worth(columns, wanted):
    assert analyses_for(load_rules(), row(**columns)) == wanted


def test_a_condition_that_was_evaluated_before_is_true_of_no_other_row():
    rules = [
        {"name": "few values", "when": "category == 'OTHER' && confidence > 0.5 && !answered", "urgent": True},
        {"name": "text", "when": "category == 'OTHER' && subject == 'a'", "reply": True},
        {"name": "fails at some", "when": "category == 'OTHER' || 1 / (size(language) - 1) == 1"},
        {"name": "rest", "when": "true"},
    ]
    used = load_rules(book(rules))
    kinds = product(["OTHER", "URGENT"], [0.2, 0.9], [True, False], "ab", ["en", "x", "en"])

    for category, confidence, answered, subject, language in kinds:
        mail = row(category=category, confidence=confidence, answered=answered, subject=subject, language=language)
        one = {"message_key": "k", **mail}
        assert decide_row(one, used) == decide_row(one, load_rules(book(rules)))
