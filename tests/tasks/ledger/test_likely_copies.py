"""A mail that is like an earlier one is recorded with that one's key when it is first seen."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tasks.ledger.engine import open_ledger
from tasks.ledger.likely_copies import likely_copies
from tasks.ledger.messages import Seen, record_seen


@pytest.fixture
def ledger(any_ledger_url: str) -> Engine:
    return open_ledger(any_ledger_url)


def met(name: str, likeness: str) -> Seen:
    return Seen(message_key=name, source="s", place=name, source_id=name, raw=b"x", likeness=likeness)


def test_copies_name_the_first_of_their_kind(ledger):
    record_seen(ledger, [met("a", "1"), met("b", "2"), met("c", "1")])
    record_seen(ledger, [met("d", "1"), met("e", ""), met("f", "")])

    assert likely_copies(ledger, "abcdef") == {"c": "a", "d": "a"}


def test_a_mail_met_again_is_no_copy_of_itself(ledger):
    for _ in range(2):
        record_seen(ledger, [met("a", "1"), met("a", "1")])

    assert likely_copies(ledger, ["a"]) == {}
