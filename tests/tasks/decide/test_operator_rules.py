import json

import pytest
from prefect.variables import Variable

from tasks.decide.operator_rules import read_rules
from tasks.decide.rules import load_rules
from tasks.errors import Misconfigured

MINE = {"name": "mine", "when": "true", "then": []}


def names(book):
    return [compiled.entry.name for compiled in book.rules]


def test_without_any_the_shipped_rules_hold(prefect_server):
    Variable.unset("mailroom-rules")  # registering on this server, as other tests do, sets it

    assert read_rules(None).text == load_rules().text


def test_variables_are_joined_in_order_and_may_be_text_or_json(variables):
    variables(
        mailroom_rules=json.dumps({"rules": [MINE]}),
        mailroom_rules_2={"rules": [{**MINE, "name": "more"}]},
        mailroom_rules_4={"rules": [{**MINE, "name": "behind a gap"}]},
    )

    book = read_rules(None)
    assert names(book) == ["mine", "more"]
    assert [one.entry for one in book.analyses] == [one.entry for one in load_rules().analyses]


def test_a_bad_rule_is_named_with_its_place(variables):
    variables(mailroom_rules={"rules": [MINE, {**MINE, "name": "bad", "when": "subjct == ''"}]})

    with pytest.raises(Misconfigured, match=r"Variable `mailroom-rules`.*`rules` 2, `bad`.*line 1, column 1"):
        read_rules(None)


@pytest.mark.parametrize("text", ["{", "[]", '{"rules": 1}', '{"rule": []}'])
def test_a_file_that_is_no_rules_is_said_to_be_none(tmp_path, text):
    file = tmp_path / "rules.json"
    file.write_text(text)

    with pytest.raises(Misconfigured, match=r"rules\.json"):
        read_rules(file)


def test_a_file_wins_over_the_variables(tmp_path):
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"analyses": [], "rules": [MINE]}))

    assert names(read_rules(file)) == ["mine"]
    with pytest.raises(Misconfigured, match=r"cannot be read: No such file or directory\.$"):
        read_rules(tmp_path / "nowhere.json")
    file.write_bytes("Regeln für Köln".encode("utf-16"))
    with pytest.raises(Misconfigured, match=r"cannot be read: the file is not in UTF-8\.$"):
        read_rules(file)


def test_the_operators_rules_name_no_category_that_is_not_there(tmp_path):
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"rules": [MINE, {**MINE, "name": "bills", "when": "category in ['BILL', 'OTHER']"}]}))

    with pytest.raises(Misconfigured, match=r"rules\.json.*`rules` 2, `bills`, names the category `BILL`") as caught:
        read_rules(file, categories=["INVOICE", "OTHER"])
    assert "there are INVOICE, OTHER" in str(caught.value)
    assert "`marketing`, names the category `MARKETING`" in str(caught.value)  # of the shipped analyses that it joins
