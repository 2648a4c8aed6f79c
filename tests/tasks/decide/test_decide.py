import json
import pickle

import pytest

from tasks.decide.conditions import address_of
from tasks.decide.decide import decide
from tasks.decide.rules import load_rules
from tasks.frames import Messages, Readings
from tests.made_rows import message_row, reading_row

MESSAGE = message_row(sender="Ann Lee <Ann@Company.com>", sender_name="Ann Lee", target_language="ja")
READING = reading_row()
UNREAD = {"category": None, "complexity": None, "confidence": None, "error_type": "TIMEOUT", "error": "late"}


def decided(rules, *mails):
    messages = [{**MESSAGE, "message_key": f"{n}", **message} for n, (message, _) in enumerate(mails)]
    readings = [{**READING, "message_key": f"{n}", **reading} for n, (_, reading) in enumerate(mails)]
    return decide(Messages.of(messages), Readings.of(readings[::-1]), rules).to_dict("records")


def rules(*entries):
    return load_rules(json.dumps({"analyses": [], "rules": list(entries)}))


def test_a_rule_may_leave_likely_copies_alone():
    book = rules(
        {"name": "copies", "when": "likely_duplicate_of != ''", "then": [], "after": "stop"},
        {"name": "all", "when": "true", "then": [{"action": "flag"}]},
    )

    first, copy = decided(book, ({}, {}), ({"likely_duplicate_of": "k"}, {}))

    assert (first["rule"], copy["rule"], copy["actions"]) == ("all", "copies", [])


def test_a_rule_may_look_for_what_could_deceive():
    book = rules(
        {"name": "lure", "when": "'lookalike domain of the sender' in parse_defects", "then": [{"action": "flag"}]}
    )

    plain, lure = decided(book, ({}, {}), ({"parse_defects": ["lookalike domain of the sender"]}, {}))

    assert (plain["rule"], lure["rule"]) == ("none", "lure")


def test_rules_apply_from_the_top_until_one_stops():
    book = rules(
        {"name": "a", "when": "true", "then": [{"action": "label", "label": "a"}], "urgent": True, "reply": True},
        {"name": "no", "when": "false", "then": [{"action": "label", "label": "no"}]},
        {"name": "b", "when": "true", "then": [{"action": "flag"}], "reply": False, "after": "stop"},
        {"name": "c", "when": "true", "then": [{"action": "label", "label": "c"}]},
    )

    (decision,) = decided(book, ({}, {}))

    assert decision["rule"] == "a, b"
    assert [(a["action"], a["rule"]) for a in decision["actions"]] == [("label", "a"), ("flag", "b")]
    assert decision["urgent"]
    assert not decision["reply_wanted"]


def test_two_rules_that_want_the_same_want_it_once():
    flag = {"when": "true", "then": [{"action": "flag"}]}

    (decision,) = decided(rules({"name": "a", **flag}, {"name": "b", **flag}), ({}, {}))

    assert [a["rule"] for a in decision["actions"]] == ["a"]


def test_each_mail_gets_its_own_reading_whatever_the_order():
    urgent, other = decided(load_rules(), ({}, {"category": "URGENT"}), ({}, {"category": "OTHER"}))

    assert urgent["urgent"]
    assert not other["urgent"]


def test_an_unread_mail_is_left_alone():
    (decision,) = decided(load_rules(), ({}, UNREAD))

    assert decision["rule"] == "unread"
    assert decision["actions"] == []


def test_an_unsure_reading_goes_to_a_person_and_prepares_no_reply():
    (decision,) = decided(load_rules(), ({}, {"category": "SUPPORT", "confidence": 0.3, "needs_reply": True}))

    assert decision["rule"] == "unsure"
    assert not decision["reply_wanted"]
    assert {a["action"] for a in decision["actions"]} == {"label", "flag"}


def test_the_shipped_rules_hold_every_reply():
    for category in ("URGENT", "MEETING", "SUPPORT", "PERSONAL", "OTHER"):
        (decision,) = decided(load_rules(), ({}, {"category": category, "needs_reply": True}))

        assert decision["reply_wanted"]
        assert [a["hold"] for a in decision["actions"] if a["action"] == "draft_reply"] == [True]


def test_no_machine_is_answered():
    for kind in ("auto_reply", "bounce", "feedback"):
        (decision,) = decided(load_rules(), ({"kind": kind}, {"category": "URGENT", "needs_reply": True}))

        assert [a["action"] for a in decision["actions"]] == ["label"]


def test_a_rule_that_cannot_be_answered_for_a_mail_does_nothing_and_says_so():
    book = rules(
        {"name": "flag", "when": "true", "then": [{"action": "flag"}]},
        {"name": "odd", "when": "size(attachments) > 0 && attachments[1].name == 'x'"},
        {"name": "later", "when": "true", "then": [{"action": "flag", "flag": "seen"}]},
    )

    fine, odd = decided(book, ({}, {}), ({"attachments": [{"name": "x"}]}, {}))

    assert fine["rule"] == "flag, later"
    assert odd["rule"].startswith("odd (could not be answered")
    assert odd["actions"] == []


def test_no_rule_is_said_plainly():
    (decision,) = decided(rules(), ({}, {}))

    assert decision["rule"] == "none"


def test_an_empty_frame_keeps_its_columns():
    frame = decide(Messages.of([]), Readings.of([]), load_rules())

    assert list(frame.columns) == ["message_key", "urgent", "reply_wanted", "rule", "actions"]


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Ann <Ann@Company.com>", "ann@company.com"),
        ("ann@company.com", "ann@company.com"),
        ('"boss@company.com" <evil@else.example>', "evil@else.example"),
        ("boss@company.com <evil@else.example>", "evil@else.example"),
        ("<boss@company.com> <evil@else.example>", "evil@else.example"),
        ("nobody", ""),
        ("boss@company.com, evil@else.example", ""),
        ("", ""),
    ],
)
def test_a_display_name_cannot_pass_for_an_address(sender, address):
    assert address_of(sender) == address


def test_conditions_see_the_address_and_not_the_name():
    book = rules({"name": "vip", "when": "sender_domain == 'company.com'"})

    real, fake = decided(book, ({}, {}), ({"sender": "x@company.com <x@evil.example>"}, {}))

    assert (real["rule"], fake["rule"]) == ("vip", "none")


MANY = [{"name": f"{number}.pdf", "type": "application/pdf"} for number in range(60)]


@pytest.mark.parametrize(
    "when",
    [
        "attachments.all(a, attachments.all(b, attachments.exists(c, c.name == a.name)))",
        "attachments.map(a, attachments.map(b, attachments.filter(c, c.name == a.name))).size() > 0",
    ],
)
def test_a_condition_that_loops_too_often_is_not_answered_for_that_mail(when):
    book = rules({"name": "slow", "when": when, "urgent": True})

    many, few = decided(book, ({"attachments": MANY}, {}), ({"attachments": MANY[:2]}, {}))

    assert not many["urgent"]
    assert "could not be answered" in many["rule"]
    assert few["rule"] == "slow"


def test_a_condition_that_takes_too_long_is_not_answered_for_that_mail():
    slow = {"name": "slow", "when": 'attachments.exists(a, text.matches(a.name + ".*x.*y$"))', "urgent": True}
    book = load_rules(json.dumps({"analyses": [], "rules": [slow]}), 1)

    (decision,) = decided(pickle.loads(pickle.dumps(book)), ({"text": "pdf " * 500_000, "attachments": MANY}, {}))

    assert not decision["urgent"]
    assert "ms of CPU for one mail; at most 1" in decision["rule"]


def test_a_rule_may_ask_whether_a_person_wrote_it():
    book = rules({"name": "people", "when": "automatic == ''", "then": [{"action": "flag"}]})

    person, program = decided(book, ({}, {}), ({"automatic": "it says Precedence: bulk"}, {}))

    assert (person["rule"], program["rule"]) == ("people", "none")
