"""The table of a run puts what needs a person first, stays light, and says what was left out."""

import re
from datetime import date, timedelta

import pytest

from tasks.categories import DEFAULT_CATEGORIES
from tasks.errors import Misconfigured
from tasks.report.artifacts import report_text
from tasks.report.summary import Summary
from tasks.report.table import MOST_ROWS, needs_person
from tasks.settings.receiver import ReceiverAddress
from tests.made_rows import outcome_row

TOMORROW = date.today() + timedelta(days=1)
HELD = {"effect_id": "e", "action": "draft_reply", "target": "x", "state": "held", "detail": "", "rule": "r"}


def summed(*rows):
    summary = Summary()
    for row in rows:  # a window each
        summary.add([row], curable=0)
    return summary


FAILED = outcome_row(status="FAILED", error_type="TIMEOUT", error="It did not answer.", subject="failed")
URGENT = outcome_row(urgent=True, subject="urgent")
TO_APPROVE = outcome_row(effects=[HELD], subject="held")
DOUBTFUL = outcome_row(doubts=["summary_length"], subject="doubtful")
PLAIN = outcome_row(subject="plain", reply_wanted=True)


def test_what_needs_a_person_comes_first_whatever_window_it_was_in():
    rows = summed(PLAIN, DOUBTFUL, TO_APPROVE, URGENT, FAILED).table.rows()

    assert [row["subject"] for row in rows] == ["failed", "urgent", "held", "doubtful", "plain"]
    assert [row["needs"] for row in rows] == ["failed", "urgent", "approve", "doubt", "reply"]
    assert [row["doubts"] for row in rows] == ["", "", "", "summary length", ""]
    assert rows[0]["summary"] == "TIMEOUT: It did not answer."


def test_the_summary_is_in_the_operators_language_and_the_first_due_date_is_told():
    items = [{"text": "b", "due": "2031-12-05"}, {"text": "a", "due": "2031-12-01"}, {"text": "c", "due": None}]
    (row,) = summed(outcome_row(summary="Bitte zahlen.", translation="Please pay.", action_items=items)).table.rows()

    assert (row["summary"], row["due"], row["needs"]) == ("Please pay.", "Dec 2031", "3 to do")


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (f"{TOMORROW}T09:00", f"{TOMORROW:%b} {TOMORROW.day}"),
        (str(TOMORROW), f"{TOMORROW:%b} {TOMORROW.day}"),
        ("2031-12-01", "Dec 2031"),
        ("avant lundi soir", "avant lu…"),
        ("today", "today"),
    ],
)
def test_a_day_is_told_without_its_hour_and_its_year_where_it_is_near_and_words_are_cut_where_that_is_seen(due, told):
    (row,) = summed(outcome_row(action_items=[{"text": "a", "due": due}])).table.rows()

    assert row["due"] == told


def test_of_very_many_mails_those_that_need_a_person_are_shown():
    summary = summed(*[PLAIN] * (MOST_ROWS + 50), *[URGENT] * 20)
    rows = summary.table.rows()

    assert len(rows) == MOST_ROWS
    assert [row["subject"] for row in rows[:21]] == ["urgent"] * 20 + ["plain"]
    assert summary.table.needed == 20


@pytest.mark.parametrize("row", [FAILED, URGENT, TO_APPROVE, DOUBTFUL])
def test_the_report_leads_with_what_needs_a_person(row):
    text = report_text(
        summed(PLAIN, row), DEFAULT_CATEGORIES, source="s", folder="f", estimate="", links={"table": "http://ui/1"}
    )
    needs = text.index("## What needs you")

    assert needs < text.index("## Counts")
    (line,) = [line for line in text.splitlines() if line.startswith("- **")]
    assert re.match(rf"- \*\*{needs_person(row)[1]}(: summary length)?\*\* – {row['subject']}, from ", line)
    assert "[table](http://ui/1)" in text


def test_a_mail_without_a_subject_is_named_by_what_it_is_called_where_it_came_from():
    (row,) = summed(
        outcome_row(status="FAILED", error_type="VALIDATION_ERROR", subject="", id="email_028")
    ).table.rows()

    assert row["subject"] == "email_028"


def test_the_first_columns_of_a_line_fit_a_small_screen():
    long = outcome_row(
        urgent=True, effects=[HELD], subject="s" * 200, sender="Wilhelmina von Hohenstein <w@a.example>",
        action_items=[{"text": "a", "due": "today"}],
    )  # fmt: skip
    (row,) = summed(long).table.rows()

    assert list(row)[:7] == ["needs", "category", "from", "subject", "due", "acts", "cost $"]
    assert sum(len(value) for value in list(row.values())[:7]) <= 80
    assert row["due"] == "today"


def test_a_mail_is_linked_to_its_own_page_where_the_receivers_address_is_known():
    text = report_text(
        summed(URGENT), DEFAULT_CATEGORIES, source="s", folder="f", estimate="", links={},
        page_of=ReceiverAddress(url="https://mail.example.com/").page_of,
    )  # fmt: skip

    key = URGENT["message_key"][:12]
    assert f"[{key}](https://mail.example.com/mails/{key})" in text
    assert ReceiverAddress().page_of(key) == ""


@pytest.mark.parametrize(
    "url", ["mail.example.com", "https://a.example/) [x](https://b.example", "javascript:alert(1)"]
)
def test_what_is_no_address_of_a_receiver_is_refused(url):
    with pytest.raises(Misconfigured, match="`url`"):
        ReceiverAddress.read(url=url)


def test_a_report_says_when_nobody_is_needed():
    text = report_text(summed(PLAIN), DEFAULT_CATEGORIES, source="s", folder="f", estimate="", links={})
    assert "## What needs you\n\nNothing." in text
