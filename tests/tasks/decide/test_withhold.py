import json

import pytest

from tasks.decide.rules import load_rules
from tasks.decide.withhold import marks_of, why_withheld, withhold
from tasks.errors import Misconfigured
from tasks.frames import Messages
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tests.made_rows import message_row

ROW = message_row(sender="Ann <ann@bank.example>", target_language="ja")


def book(*conditions):
    entries = [{"name": f"n{number}", "when": when} for number, when in enumerate(conditions)]
    return load_rules(json.dumps({"analyses": [], "rules": [], "never_send": entries}))


@pytest.mark.parametrize(
    ("when", "kept"),
    [
        ("sender_domain == 'bank.example'", True),
        ("sender == 'ann@bank.example'", True),
        ("sensitivity == 'company-confidential'", True),
        ("'legal' in labels", True),
        ("subject.contains('salary')", False),
        ("attachments[size(labels)].name == 'x'", True),  # it can't be answered, so the mail is kept
    ],
)
def test_a_mail_a_rule_names_is_kept_from_every_provider(when, kept):
    if when.startswith("attachments"):
        when = f"size(labels) > 0 && {when}"
    marks = marks_of(b"Sensitivity: Company-Confidential\r\nKeywords: Legal, =?utf-8?q?Caf=C3=A9?=\r\n\r\nx")

    assert marks["labels"] == ["legal", "café"]
    assert why_withheld({**ROW, **marks}, book(when)) == ("Kept from every provider by the rule `n0`." if kept else "")


def test_only_those_mails_are_marked_and_only_when_there_are_such_rules(ledger_url):
    engine = open_ledger(ledger_url)
    raw = b"Sensitivity: Private\r\n\r\nx"
    record_seen(engine, [Seen(message_key="m1", source="s", place="p", source_id="1", raw=raw)])
    messages = Messages.of([ROW, {**ROW, "message_key": "m2"}, {**ROW, "message_key": "m3", "unreadable": "broken"}])

    marked = withhold(messages, book("sensitivity == 'private'"), engine)

    assert marked["unreadable"].tolist() == ["Kept from every provider by the rule `n0`.", "", "broken"]
    assert withhold(messages, load_rules(), engine) is messages


def test_a_bad_condition_is_named():
    with pytest.raises(Misconfigured, match="`never_send` 1, `n0`"):
        book("category == 'URGENT'")  # a category is a model's word
