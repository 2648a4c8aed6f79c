"""A mail's own page: all that is known of it, to who brings the token, and nothing in it is run or fetched."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from tasks.ledger.costs import record_group
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.outcomes import settle
from tasks.ledger.plans import Plan, record_plan
from tasks.ledger.schema import completions
from tests.made_rows import outcome_row

KEY = "ab12" * 16
OTHER = "cd34" * 16
RAW = b"From: ann@a.example\nSubject: Hello\n\nPlease send the list.\n\n-- \nAnn Lee\nSales\n"
CALL = {
    "key": "k", "state": "done", "run_id": "run", "question": "triage", "provider": "openai", "model": "m",
    "key_index": 0, "input_tokens": 100, "output_tokens": 10, "price_nusd": 2_000_000, "begun_at": 1.0,
}  # fmt: skip
TOKEN = {"Authorization": "Bearer sesame"}


@pytest.fixture
def mail(ledger_url):
    """A mail with an outcome, an effect, a call of its own and one that it shared."""
    engine = open_ledger(ledger_url)
    record_seen(engine, [Seen(message_key=KEY, source="/mails", place="a.eml", source_id="a.eml", raw=RAW)])
    settle(engine, "run", [outcome_row(message_key=KEY, subject="<b>Hello</b>", doubts=["reply_too_long"])], set(), {})
    plan = Plan(
        message_key=KEY, position=0, action="move", parameters={}, rule="tidy", target="Archive", state="held"
    )  # fmt: skip
    record_plan(engine, "run", [plan])
    shared = record_group(engine, [KEY, OTHER])
    with engine.begin() as connection:
        rows = [CALL | {"call": 1, "message_key": KEY}, CALL | {"call": 2, "message_key": shared, "begun_at": 2.0}]
        connection.execute(insert(completions), [*rows, CALL | {"call": 3, "message_key": OTHER}])


def test_all_that_is_known_of_a_mail_is_told(start_receiver, mail):
    found = start_receiver(upload_token="sesame").client.get(f"/mails/{KEY[:12]}/record", headers=TOKEN).json()

    assert found["outcome"]["subject"] == "<b>Hello</b>"
    assert found["text"].strip() == "Please send the list."
    assert [(one["what"], "Sales" in one["text"]) for one in found["left_out"]] == [("signature", True)]
    assert [(one["action"], one["target"], one["state"]) for one in found["effects"]] == [("move", "Archive", "held")]
    assert [(one["question"], one["shared_by"], one["usd"]) for one in found["calls"]] == [
        ("triage", 1, 0.002),
        ("triage", 2, 0.002),
    ]


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {}, 403),
        ({"upload_token": "sesame"}, {}, 401),
        ({"upload_token": "sesame"}, {"Authorization": "Bearer other"}, 401),
        ({"upload_token": "sesame"}, TOKEN | {"Origin": "https://evil.example"}, 403),
    ],
)
def test_nobody_sees_a_mail_without_the_token(start_receiver, mail, settings, headers, status):
    answer = start_receiver(**settings).client.get(f"/mails/{KEY}/record", headers=headers)

    assert answer.status_code == status
    assert "Hello" not in answer.text


@pytest.mark.parametrize(("key", "status"), [("ef56" * 16, 404), ("no-key", 422), ("%25", 422)])
def test_a_mail_that_is_not_there_is_said_to_be_so(start_receiver, mail, key, status):
    assert start_receiver(upload_token="sesame").client.get(f"/mails/{key}/record", headers=TOKEN).status_code == status


def test_the_page_itself_holds_nothing_of_a_mail_and_loads_nothing_from_elsewhere(start_receiver, mail):
    page = start_receiver().client.get(f"/mails/{KEY}")

    assert page.status_code == 200
    assert "Hello" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
