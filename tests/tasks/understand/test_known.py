"""A category that is known beforehand stands, whoever is asked for the rest."""

from __future__ import annotations

from tasks.known import KnownCategory
from tests.tasks.understand.test_understand import MAIL, Scripted, read

KEY = "0" * 12


def test_a_known_category_stands_and_the_model_is_asked_for_the_rest():
    known = KnownCategory(category="URGENT", by="correction by Ann", why="Ann said so.")
    asker = Scripted()

    (row,) = read(asker, known={KEY: known})

    assert [question.name for _, question in asker.asked] == ["triage", "analysis"]
    assert (row["category"], row["sorted_by"], row["reason"]) == ("URGENT", "correction by Ann", "Ann said so.")
    assert (row["confidence"], row["needs_reply"]) == (1.0, True)


def test_where_it_is_known_too_whether_a_reply_is_wanted_no_triage_is_asked():
    known = KnownCategory(category="OTHER", by="rule alerts", why="From alerts.", needs_reply=False)
    asker = Scripted()

    (row,) = read(asker, {"language": "en"}, worth=frozenset(), known={KEY: known})

    assert asker.asked == []
    assert (row["category"], row["sorted_by"], row["calls"]) == ("OTHER", "rule alerts", 0)


def test_what_nobody_knew_was_sorted_by_the_model_and_quotes_say_whether_they_were_found():
    (row,) = read(Scripted(), MAIL)
    assert row["sorted_by"] == "model"
    assert row["action_items"][0]["quote_found"] is True
