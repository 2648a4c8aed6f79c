"""The digest says how good answers are, by what people said and by what was sampled."""

from __future__ import annotations

from tasks.ledger.classifiers import keep_classifier, record_samples
from tasks.ledger.corrections import Correction, record_corrections
from tasks.ledger.engine import open_ledger
from tasks.report.quality import quality_text


def test_what_people_said_and_what_was_sampled_is_told(ledger_url):
    engine = open_ledger(ledger_url)
    assert quality_text(engine, since=0, mails=3) == ""

    said = [("a", "OTHER", "OTHER"), ("b", "URGENT", "OTHER"), ("c", "OTHER", "OTHER"), ("d", "OTHER", "OTHER")]
    record_corrections(
        engine,
        [Correction(message_key=key, category=now, was=was, person="Ann", way="form") for key, now, was in said],
    )
    certificate = {"alpha": 0.05, "bound": 0.04}
    number = keep_classifier(engine, b"", mails=9, figures={}, certificate=certificate, why="first.", promoted=True)
    record_samples(engine, number, [("a", "OTHER", "OTHER"), ("b", "OTHER", "URGENT")])

    text = quality_text(engine, since=0, mails=4)
    assert "4 categories (form) what they are: 75% were right" in text
    assert f"Of 2 sampled answers of classifier {number}, 1 differ" in text
