"""Rules that give a category without a model hold where all they name holds, the first one first."""

from __future__ import annotations

import pytest
from prefect.variables import Variable

from tasks.errors import Misconfigured
from tasks.presort.sender_rules import SenderRule, read_sender_rules, sorted_by_rules
from tests.made_rows import message_row

NAMES = ("URGENT", "SUPPORT", "OTHER")
MAIL = message_row(sender="Alerts <Alert@mon.acme.example>", subject="Disk full on web-3")
RAW = b"List-Id: Team talk <team.acme.example>\r\nX-Priority: 1 (high)\r\nSubject: x\r\n\r\nBody\r\n"


def first(*rules: dict) -> str | None:
    made = [SenderRule(**{"name": f"r{n}", "category": "OTHER"} | rule) for n, rule in enumerate(rules)]
    found = sorted_by_rules([MAIL], made, {MAIL["message_key"]: RAW})
    return found[MAIL["message_key"]].by if found else None


@pytest.mark.parametrize(
    "rule",
    [{"sender": "alert@MON.acme.example"}, {"domain": "acme.example"}, {"domain": "mon.acme.example"},
     {"list_id": "team.acme.example"}, {"subject": "disk FULL"}, {"headers": {"x-priority": "1"}},
     {"headers": {"X-Priority": ""}}, {"domain": "acme.example", "subject": "disk"}],
)  # fmt: skip
def test_a_rule_holds(rule: dict) -> None:
    assert first(rule) == "rule r0"


@pytest.mark.parametrize(
    "rule",
    [{"sender": "acme.example"}, {"domain": "me.example"}, {"list_id": "other"}, {"headers": {"X-None": ""}},
     {"headers": {"X-Priority": "3"}}, {"domain": "acme.example", "subject": "lunch"}],
)  # fmt: skip
def test_a_rule_does_not_hold(rule: dict) -> None:
    assert first(rule) is None


def test_the_first_rule_that_holds_counts() -> None:
    assert first({"subject": "lunch"}, {"subject": "disk"}, {"domain": "acme.example"}) == "rule r1"


def test_a_mail_that_cannot_be_read_is_sorted_by_no_rule() -> None:
    mail = MAIL | {"unreadable": "empty"}
    assert sorted_by_rules([mail], [SenderRule(name="a", category="OTHER", subject="disk")], {}) == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [([{"name": "a", "category": "OTHER"}], "1: it names nothing"), ([{"name": "a", "category": "x"}], "1 category"),
     ([{"name": "a", "category": "SPAM", "subject": "x"}], "SPAM"), ("[", "no JSON"),
     ([{"name": "a", "category": "OTHER", "sbject": "x"}], "sbject")],
)  # fmt: skip
def test_a_bad_rule_is_named(prefect_server: str, value: object, said: str) -> None:
    Variable.set("mailroom-presort", value, overwrite=True)  # type: ignore[arg-type]  # any JSON
    try:
        with pytest.raises(Misconfigured, match=said):
            read_sender_rules(NAMES)
    finally:
        Variable.unset("mailroom-presort")


def test_without_the_variable_there_are_none(prefect_server: str) -> None:
    assert read_sender_rules(NAMES) == ()
