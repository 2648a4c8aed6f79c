"""What a run's report, its table, its files and the day's digest say of outcomes."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime

import pyarrow.parquet as pq

from tasks.categories import DEFAULT_CATEGORIES
from tasks.report.artifacts import report_text
from tasks.report.digest import digest_frame, digest_text
from tasks.report.files import OutcomeFiles
from tasks.report.summary import Summary
from tests.made_rows import outcome_row

FAILED = {"status": "FAILED", "category": None, "error_type": "TIMEOUT", "error": "No answer in 60 s."}
DAY = date(2026, 11, 24)


def summed(*rows, curable=0):
    summary = Summary()
    summary.add(list(rows), curable)
    return summary


def text_of(summary):
    return report_text(summary, DEFAULT_CATEGORIES, source="mail.mbox", folder="out/run", estimate="$1.00", links={})


def test_the_sentence_counts_statuses_and_says_what_is_not_known():
    assert summed(outcome_row()).sentence() == "1 mail: 1 completed, $0.0100"
    summary = summed(outcome_row(), outcome_row(**FAILED), outcome_row(cost_usd=None, simulated=True))
    said = summary.sentence()
    assert said.startswith("3 mails: 2 completed, 1 failed, $0.0200 and 1 mails of unknown price")
    assert said.endswith("answers simulated")


def test_the_report_shows_categories_in_their_order_and_others_behind_them():
    rows = [outcome_row(category=name) for name in ("SUPPORT", "INVOICE", "URGENT", "SUPPORT")]

    lines = [line for line in text_of(summed(*rows)).splitlines() if line.startswith("|")]

    shown = [line for line in lines if line.split("|")[1].strip() in ("URGENT", "SUPPORT", "INVOICE")]
    assert shown == ["| URGENT | 1 |", "| SUPPORT | 2 |", "| INVOICE | 1 |"]


def test_the_report_says_what_went_wrong_and_which_checks_failed():
    text = text_of(summed(outcome_row(**FAILED), outcome_row(doubts=["quote_not_in_mail", "reply_too_long:2"])))

    assert "| TIMEOUT | 1 | No answer in 60 s. |" in text
    assert "An action item rests on words that are not in the mail. | 1 |" in text
    assert "A suggested reply has more than 50 words. | 1 |" in text
    assert "Simulated" not in text


def test_a_mails_words_cannot_break_out_of_the_table():
    row = outcome_row(subject="a | b\n<script>x</script>", summary="**bold** [link](http://evil.example)")

    (shown,) = summed(row).table.rows()

    assert "\n" not in shown["subject"]
    assert "<script>" not in shown["subject"]
    assert shown["cost $"] == "0.0100"


def test_the_files_hold_the_same_rows_and_no_formula(tmp_path):
    items = [{"text": "Send it", "owner": None, "due": "Friday", "quote": "send", "quote_found": True}]
    row = outcome_row(subject="=HYPERLINK(1)", action_items=items, cost_usd=None)

    with OutcomeFiles(tmp_path / "out") as files:
        files.add([row, outcome_row(id="2")])

    lines = [json.loads(line) for line in (tmp_path / "out" / "outcomes.jsonl").read_text().splitlines()]
    table = list(csv.DictReader((tmp_path / "out" / "outcomes.csv").open()))
    frame = pq.read_table(tmp_path / "out" / "outcomes.parquet").to_pylist()
    assert [one["id"] for one in lines] == [one["id"] for one in table] == [one["id"] for one in frame] == ["1", "2"]
    assert lines[0]["subject"] == frame[0]["subject"] == "=HYPERLINK(1)"
    assert table[0]["subject"] == "'=HYPERLINK(1)"
    assert json.loads(table[0]["action_items"]) == json.loads(frame[0]["action_items"]) == items
    assert lines[0]["cost_usd"] is None


def test_a_run_that_breaks_off_leaves_no_file_that_looks_whole(tmp_path):
    try:
        with OutcomeFiles(tmp_path / "out") as files:
            files.add([outcome_row()])
            raise RuntimeError("the ledger is gone")
    except RuntimeError:
        pass

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "outcomes.csv.part", "outcomes.jsonl.part", "outcomes.parquet.part",
    ]  # fmt: skip


def digest_row(day: date, **columns):
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp()
    kept = outcome_row(reply_wanted=True, **columns)
    return kept | {"processed_at": at, "answered": False}


def test_the_digest_lists_what_is_urgent_and_what_waits_for_an_answer():
    rows = [
        digest_row(DAY, urgent=True, subject="The server is down", category="URGENT"),
        digest_row(DAY, subject="Waits", doubts=["summary_numbers", "not_sent:plan.pdf"]),
        digest_row(date(2026, 11, 23), subject="Yesterday"),
    ]

    text = digest_text(digest_frame(rows), DAY, DEFAULT_CATEGORIES, {"done": 2}, held=1)

    assert "2 mails, 1 urgent, 2 waiting for an answer, 0 failed; $0.0200." in text
    assert "The server is down" in text.partition("## Urgent")[2].partition("## Waiting")[0]
    assert "Waits" in text.partition("## Waiting for an answer")[2]
    assert "Yesterday" not in text
    assert "number or a sum that is not in the mail. | 1 |" in text
    assert "Held for a person by now: 1." in text


def test_a_day_without_mail_has_a_digest_too():
    assert "0 mails, 0 urgent" in digest_text(digest_frame([]), DAY, DEFAULT_CATEGORIES, {"done": 2}, held=1)
