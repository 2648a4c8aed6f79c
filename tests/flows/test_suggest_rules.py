"""Senders whose mails are all alike are suggested as rules; a person takes them over, and later runs sort by them."""

from __future__ import annotations

import time

import pytest
from prefect.client.orchestration import get_client
from prefect.variables import Variable
from sqlalchemy import insert

from flows.suggest_rules import suggest_rules
from tasks.errors import Misconfigured
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import outcomes
from tasks.ledger.senders import SortedMail, hits_of
from tasks.presort.sender_rules import VARIABLE, SenderRule, add_sender_rules, read_sender_rules
from tasks.presort.suggestions import LEAST, suggestions
from tasks.settings import read_settings
from tests.flows.paused import PausedRun

NAMES = ("URGENT", "SUPPORT", "MARKETING", "OTHER")


def mails(sender: str, category: str, count: int = LEAST, *, reply: bool = False) -> list[SortedMail]:
    return [SortedMail(sender=sender, category=category, needs_reply=reply)] * count


def test_senders_are_suggested_whose_mails_are_all_alike_and_want_no_reply_the_surest_first():
    rules = [SenderRule(name="known", category="OTHER", sender="Known@b.example")]
    given = [
        *mails("News <news@a.example>", "MARKETING"), *mails("alerts@a.example", "OTHER", 60),
        *mails("few@a.example", "OTHER", LEAST - 1), *mails("ann@a.example", "SUPPORT", reply=True),
        *mails("both@a.example", "OTHER"), *mails("both@a.example", "MARKETING", 1),
        *mails("cry@a.example", "URGENT"), *mails("gone@a.example", "SPAM"), *mails("known@b.example", "OTHER"),
        *mails("", "OTHER"),
    ]  # fmt: skip
    found = suggestions(given, rules, never=("URGENT",), names=NAMES)
    assert [(one.rule.sender, one.rule.category, one.mails) for one in found] == [
        ("alerts@a.example", "OTHER", 60), ("news@a.example", "MARKETING", LEAST)
    ]  # fmt: skip
    assert round(found[0].error_at_most, 3) == 0.049


@pytest.fixture
def without_rules(prefect_server):
    Variable.unset(VARIABLE)
    yield
    Variable.unset(VARIABLE)


def test_a_person_takes_a_suggestion_over_with_one_choice(without_rules, provider_env, monkeypatch):
    monkeypatch.setattr("flows.run.questions.POLL_S", 0.2)
    Variable.set(VARIABLE, [{"name": "mine", "category": "OTHER", "subject": "minutes"}])
    engine = open_ledger(read_settings().ledger)
    rows = [("news@a.example", "MARKETING", "model")] * 30 + [("alerts@a.example", "OTHER", "classifier 1")] * 12
    rows += [("x@a.example", "OTHER", "rule mine")] * 13
    with engine.begin() as connection:
        for number, (sender, category, by) in enumerate(rows):
            row = {"sender": sender, "sorted_by": by, "needs_reply": False}
            told = {"message_key": f"k{number}", "status": "COMPLETED", "category": category, "row": row}
            connection.execute(insert(outcomes).values(run_id="r", processed_at=time.time(), **told))
    suggesting = PausedRun(suggest_rules)
    paused = suggesting.wait()
    form = suggesting.form(paused)
    assert [form["properties"][f"rule_{n}"]["title"] for n in (0, 1)] == [
        "news@a.example is always MARKETING", "alerts@a.example is always OTHER"
    ]  # fmt: skip

    suggesting.answer(paused, your_name="Bea", rule_0="take it over", rule_1="leave it")

    assert suggesting.end().message == "1 rules taken over by Bea: news@a.example → MARKETING. 2 now."
    assert [rule.name for rule in read_sender_rules(NAMES)] == ["mine", "news@a.example"]
    assert hits_of(engine, "rule ") == {"mine": 13}
    with get_client(sync_client=True) as client:
        (page,) = client.read_artifacts(sort="CREATED_DESC", limit=1)
    assert "| mine | OTHER | 13 |" in page.data


def test_without_a_sure_sender_nobody_is_asked(without_rules, provider_env):
    assert suggest_rules(return_state=True).name == "NothingToSuggest"


def test_more_rules_than_the_variable_holds_are_refused_and_none_is_lost(without_rules):
    add_sender_rules([SenderRule(name="a", category="OTHER", sender="a@a.example")], NAMES)
    many = [SenderRule(name="n" * 200, category="OTHER", sender=f"{n}@{'a' * 100}.example") for n in range(20)]
    with pytest.raises(Misconfigured, match="too few for 20 rules more"):
        add_sender_rules(many, NAMES)
    assert [rule.name for rule in read_sender_rules(NAMES)] == ["a"]
