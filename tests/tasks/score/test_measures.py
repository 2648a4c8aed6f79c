"""Figures of answers beside labels, held against what can be counted by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tasks.errors import SourceError
from tasks.score.answers import answers_of
from tasks.score.compare import compare, mcnemar
from tasks.score.labels import MailLabel, check_categories, read_labels
from tasks.score.measures import confusion, figures, reliability
from tests.made_rows import reading_row

NAMES = ("URGENT", "SUPPORT", "OTHER")


def answered(*pairs, **columns):
    labels = [MailLabel(category=true) for true, _said in pairs]
    rows = [reading_row(category=said, **columns) for _true, said in pairs]
    return answers_of(labels, rows, [0.01] * len(rows), NAMES)


def test_accuracy_and_macro_f1_are_those_counted_by_hand():
    answers = answered(("URGENT", "URGENT"), ("URGENT", "OTHER"), ("SUPPORT", "SUPPORT"), ("OTHER", None))

    found = figures(answers, 200)

    assert found["accuracy"].value == 0.5
    assert found["macro_f1"].value == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert confusion(answers).tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert found["accuracy"].low < 0.5 < found["accuracy"].high
    assert found["usd_a_mail"].value == pytest.approx(0.01)


def test_an_interval_covers_what_most_samples_of_such_answers_have():
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(100):
        right = generator.random(80) < 0.8
        found = figures(answered(*(("OTHER", "OTHER" if one else "URGENT") for one in right)), 200)["accuracy"]
        covered += found.low <= 0.8 <= found.high
    assert covered >= 88


def test_action_items_are_matched_once_each_by_the_words_they_share():
    item = {"owner": None, "due": None, "quote": "", "quote_found": True}
    said = [item | {"text": "Send the signed contract to Dana"}, item | {"text": "Send the contract signed"},
            item | {"text": "Have lunch", "quote_found": False}]  # fmt: skip
    labels = [MailLabel(category="OTHER", action_items=("Send Dana the signed contract", "Book a room for Monday"))]
    found = figures(answers_of(labels, [reading_row(action_items=said)], [None], NAMES), 50)

    assert found["action_items_precision"].value == pytest.approx(1 / 3)
    assert found["action_items_recall"].value == 0.5
    assert found["verified_quotes"].value == pytest.approx(2 / 3)
    assert math.isnan(found["usd_a_mail"].value)


def test_doubts_about_faithfulness_count_and_others_do_not():
    rows = [reading_row(summary="It is.", doubts=doubts) for doubts in (["summary_numbers"], ["summary_length"])]
    found = figures(answers_of([MailLabel(category="OTHER")] * 2, rows, [0.0, 0.0], NAMES), 50)
    assert found["faithful"].value == 0.5


def test_two_candidates_differ_by_more_than_chance_only_where_they_disagree_often_enough():
    right, wrong = ("OTHER", "OTHER"), ("OTHER", "URGENT")
    one = answered(*[right] * 30)
    close = compare(one, answered(*[right] * 28, *[wrong] * 2), 200)
    far = compare(one, answered(*[right] * 15, *[wrong] * 15), 200)
    assert (close.only_first, close.only_second, close.p_value) == (2, 0, 0.5)
    assert far.p_value < 0.001
    assert far.accuracy.low > 0
    assert "more than chance" in far.sentence()
    assert mcnemar(0, 0) == 1.0


def test_reliability_counts_by_tenths_of_confidence():
    assert reliability(answered(("OTHER", "OTHER"), ("OTHER", "URGENT"), confidence=0.93)) == [(0.93, 0.5, 2)]


def write(path, *rows):
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_labels_are_read_by_id_and_rows_without_one_left_out(tmp_path):
    rows = [{"id": "1", "category": "support", "needs_reply": "yes", "action_items": ["Call"]}, {"id": "2"},
            {"id": "3", "category": "OTHER", "needs_reply": False}]  # fmt: skip
    labels = read_labels(write(tmp_path / "labels.jsonl", *rows))
    assert labels == {
        "1": MailLabel(category="SUPPORT", needs_reply=True, action_items=("Call",)),
        "3": MailLabel(category="OTHER", needs_reply=False),
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [({"id": "1", "label": "x"}, "category"), ({"id": "1", "category": ""}, "no row"),
     ({"id": "1", "category": "OTHER", "needs_reply": "perhaps"}, "row 1"),
     ({"id": "1", "category": "OTHER", "action_items": "Call"}, "action_items")],
)  # fmt: skip
def test_what_is_wrong_with_a_table_of_labels_is_said(tmp_path, row, said):
    with pytest.raises(SourceError, match=said):
        read_labels(write(tmp_path / "labels.jsonl", row))


def test_a_label_that_is_no_category_is_named():
    with pytest.raises(SourceError, match="SPAM"):
        check_categories([MailLabel(category="SPAM")], NAMES)
