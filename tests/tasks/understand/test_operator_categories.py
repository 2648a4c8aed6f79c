"""The operator's categories, as Prefect Variables hold them."""

import json
import re

import pytest

from tasks.categories import DEFAULT_CATEGORIES, Categories
from tasks.errors import Misconfigured
from tasks.understand.operator_categories import read_categories
from tasks.understand.prompts import triage

INVOICE = {"name": "INVOICE", "meaning": "a bill\nthat is to be paid.", "words": ["invoice", "Rechnung"]}
SENTENCE = "a message of one kind that is told from others by what its sender wants of us."


def listed(*entries, **more):
    return {"categories": list(entries), **more}


def fault(variables, value) -> str:
    variables(mailroom_categories=value)
    with pytest.raises(Misconfigured) as caught:
        read_categories()
    return str(caught.value)


def test_without_a_variable_the_shipped_ones_hold_and_a_list_replaces_them(variables):
    assert read_categories() == DEFAULT_CATEGORIES

    variables(mailroom_categories=json.dumps(listed(INVOICE, {"name": "REST"})))
    assert read_categories().names == ("INVOICE", "REST")


def test_a_list_extends_the_shipped_ones_and_its_words_go_before_theirs(variables):
    mine = {"name": "SUPPORT", "meaning": "our customers alone."}
    variables(mailroom_categories=listed(INVOICE, keep_shipped=True), mailroom_categories_2=listed(mine))

    found = read_categories()
    assert found.names == (*DEFAULT_CATEGORIES.names, "INVOICE")
    told = triage(found, language_known=True)
    assert "\nSUPPORT: our customers alone.\n" in told
    assert "\nINVOICE: a bill that is to be paid. Typical words: invoice, Rechnung.\n" in told


def test_a_list_comes_back_from_the_ledger_as_it_went(variables):
    variables(mailroom_categories=listed(INVOICE, {"name": "REST"}))

    found = read_categories()
    assert Categories.of_json(json.loads(json.dumps(found.as_json()))) == found


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{", "are no JSON"),
        ([INVOICE], "no object with the list `categories`"),
        ({"INVOICE": "a bill"}, "no object with the list `categories`"),
        (listed(), "at least 1"),
        (listed(INVOICE, {"name": "Your bill"}), "category 2, `Your bill`: a name has capital letters.*`YOUR_BILL`"),
        (listed({"name": "Счёт"}), "category 1, `Счёт`: a name has capital letters"),
        (listed({"meaning": "a bill"}), "category 1, `name`: Field required"),
        (listed("INVOICE"), "category 1, `entry`"),
        (listed({"name": "A", "color": "red"}), "category 1, `A`, `color`"),
        (listed({"name": "A", "words": ["a, b"]}), "category 1, `A`, `words.0`"),
        (listed({"name": "A", "meaning": "x" * 301}), "category 1, `A`, `meaning`.*300"),
        (listed(INVOICE, INVOICE), "`INVOICE` stands there twice"),
        (listed(INVOICE, replace=True), "`replace`"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(variables, value, said):
    message = fault(variables, value)

    assert "Prefect Variable `mailroom-categories`" in message

    assert re.search(said, message, re.DOTALL), message


def test_forty_categories_of_a_sentence_each_fit_and_what_is_more_is_said(variables):
    forty = [{"name": f"CATEGORY_{n}", "meaning": SENTENCE, "words": ["word", "another"]} for n in range(40)]
    variables(mailroom_categories=listed(*forty[:20]), mailroom_categories_2=listed(*forty[20:]))
    assert len(read_categories().names) == 40

    long = [{**one, "name": f"{one['name']}_MORE", "meaning": f"{SENTENCE} {SENTENCE}"} for one in forty[:18]]
    variables(mailroom_categories_3=listed(*long))
    with pytest.raises(Misconfigured, match=r"58 categories take about [\d,]+ tokens .* at most 2,000 are sent"):
        read_categories()
