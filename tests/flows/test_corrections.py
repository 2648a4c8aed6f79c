"""What people say of a mail's category counts from then on, whichever way they said it, and is on record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from deployments.cli.correct import correct
from flows.process_mail import process_mail
from flows.review_answers import review_answers
from tasks.errors import Misconfigured
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import read_run
from tasks.ledger.schema import corrections
from tasks.settings import read_settings
from tests.flows.paused import PausedRun

SAMPLES = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def few(tmp_path, prefect_server, provider_env):
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("0[12]-*.eml")):
        shutil.copy(path, folder)
    return folder


def run(source, **parameters):
    state = process_mail(str(source), **parameters, return_state=True)
    return {row["id"]: row for row in read_run(read_settings().ledger, str(state.state_details.flow_run_id))}


def on_record():
    c = corrections.c
    with open_ledger(read_settings().ledger).begin() as connection:
        return [tuple(row) for row in connection.execute(select(c.category, c.was, c.person, c.way).order_by(c.number))]


def test_a_correction_is_honoured_by_the_next_run_and_shown_in_its_outcome(few, simulator):
    first = run(few)["email_002"]
    assert (first["category"], first["sorted_by"]) == ("URGENT", "model")

    assert correct(first["message_key"][:10], category="support", by="Ann") == 0
    asked = simulator.stats()["total"]["answered"]
    rows = run(few, again=True)

    second = rows["email_002"]
    assert (second["category"], second["sorted_by"]) == ("SUPPORT", "correction by Ann")
    assert "Ann" in second["reason"]
    assert rows["email_001"]["sorted_by"] == "model"
    assert simulator.stats()["total"]["answered"] - asked <= 1  # another category may be worth another analysis
    assert on_record() == [("SUPPORT", "URGENT", "Ann", "command")]


def test_what_cannot_be_corrected_is_named(few):
    run(few)
    with pytest.raises(Misconfigured, match="no category `spam`"):
        correct("email_002", category="spam")
    with pytest.raises(Misconfigured, match="knows no mail `nothing`"):
        correct("nothing", category="OTHER")
    assert on_record() == []


def test_a_person_looks_at_answers_on_a_form_and_what_was_looked_at_is_not_shown_again(few, monkeypatch):
    monkeypatch.setattr("flows.run.questions.POLL_S", 0.2)
    rows = {row["message_key"]: row for row in run(few).values()}
    reviewing = PausedRun(review_answers)
    paused = reviewing.wait()
    form = reviewing.form(paused)
    fields = {name: told for name, told in form["properties"].items() if name != "your_name"}
    assert len(fields) == 2
    urgent = next(name for name, told in fields.items() if told["default"] == "URGENT")
    (other,) = fields.keys() - {urgent}

    reviewing.answer(paused, your_name="Bea", **{urgent: "SUPPORT", other: fields[other]["default"]})

    assert reviewing.end().message == "2 answers looked at, 1 corrected, 1 confirmed."
    confirmed = next(row["category"] for row in rows.values() if row["category"] != "URGENT")
    assert sorted(on_record()) == sorted([("SUPPORT", "URGENT", "Bea", "form"), (confirmed, confirmed, "Bea", "form")])
    assert review_answers(return_state=True).name == "NothingToReview"
