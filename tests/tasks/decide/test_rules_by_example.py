"""`docs/rules-by-example.md`: each recipe is taken as it stands, and does what its heading says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tasks.decide.decide import decide_row
from tasks.decide.operator_rules import read_rules
from tasks.decide.rules import RuleBook, analyses_for
from tasks.decide.withhold import why_withheld
from tests.made_rows import message_row, reading_row

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "rules-by-example.md").read_text(encoding="utf-8")
RECIPES = {
    title: rules
    for title, body in re.findall(r"^## \d+\. (.*?)\n(.*?)(?=^## )", TEXT, re.MULTILINE | re.DOTALL)
    for rules in re.findall(r"```json\n(.*?)```", body, re.DOTALL)
}
INVOICE = {"name": "Rechnung-17.pdf", "media_type": "application/pdf", "fate": "text"}
# By heading: a mail that the recipe is about, one that it is not, and what is done about the first.
MEANT: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = {
    "Label invoices": (
        {"attachments": [INVOICE]}, {"attachments": [INVOICE | {"name": "photo.jpg"}]},
        [{"action": "label", "label": "invoices"}],
    ),
    "Move newsletters out of the way": (
        {"category": "MARKETING", "confidence": 0.9}, {"category": "MARKETING", "confidence": 0.6},
        [{"action": "move", "folder": "Newsletters"}],
    ),
    "Be told of what is urgent": (
        {"category": "URGENT"}, {"category": "SUPPORT"},
        [{"action": "flag"}, {"action": "notify", "block": "slack-webhook/ops"}],
    ),
    "Drafts for your customers, at once": (
        {"category": "SUPPORT", "needs_reply": True}, {"category": "SUPPORT", "needs_reply": True, "automatic": "list"},
        [{"action": "draft_reply", "hold": False}],
    ),
    "Replies that are sent once you approve them": (
        {"sender": "Ann <ann@customer.example>", "needs_reply": True},
        {"sender": "ann@customer.example <eve@other.example>", "needs_reply": True},
        [{"action": "send_reply", "hold": True}],
    ),
    "Keep a table of all mail": ({}, {"category": None}, [{"action": "append_row", "table": "log"}]),
    "Hand orders to another system": (
        {"subject": "Our order 17", "action_items": [{"text": "deliver", "owner": "", "due": None, "quote": ""}]},
        {"subject": "Borders", "action_items": [{"text": "deliver", "owner": "", "due": None, "quote": ""}]},
        [{"action": "webhook", "endpoint": "crm"}],
    ),
    "Some people come first": (
        {"sender": "The boss <Boss@example.com>"}, {"sender": "boss@example.com <eve@other.example>"},
        [{"action": "flag"}, {"action": "label", "label": "people_first"}],
    ),
}  # fmt: skip


def book_of(title: str, tmp_path: Path) -> RuleBook:
    file = tmp_path / "my-rules.json"
    file.write_text(RECIPES[title])
    return read_rules(file)


def test_there_are_ten_and_each_is_tried_below():
    assert len(RECIPES) == 10
    others = {"Keep confidential mail from every provider", "Pay only for what you read"}
    assert RECIPES.keys() == MEANT.keys() | others


@pytest.mark.parametrize("title", MEANT)
def test_a_recipe_does_what_it_says_to_the_mails_it_means(title, tmp_path):
    book = book_of(title, tmp_path)
    meant, other, wanted = MEANT[title]

    done = decide_row(message_row() | reading_row() | meant, book)["actions"]
    left = decide_row(message_row() | reading_row() | other, book)["actions"]

    assert [{name: action[name] for name in want} for action, want in zip(done, wanted, strict=True)] == wanted
    assert bool(left) == (title == "Keep a table of all mail")


@pytest.mark.parametrize(
    ("mail", "kept"),
    [({"subject": "[internal] wages"}, True), ({"sender": "a@lawyer.example"}, True), ({"subject": "Hello"}, False)],
)
def test_confidential_mail_is_kept_from_providers(mail, kept, tmp_path):
    book = book_of("Keep confidential mail from every provider", tmp_path)

    assert bool(why_withheld(message_row(**mail) | {"sensitivity": "", "labels": []}, book)) == kept


@pytest.mark.parametrize(
    ("mail", "asked"),
    [
        ({"category": "MARKETING"}, set()),
        ({"automatic": "a machine"}, set()),
        ({}, {"summary"}),
        ({"language": "fr", "target_language": "en"}, {"summary", "translation"}),
    ],
)
def test_only_what_is_read_is_paid_for(mail, asked, tmp_path):
    assert analyses_for(book_of("Pay only for what you read", tmp_path), message_row() | reading_row() | mail) == asked
