"""A run's effects appear in all of its reports."""

from datetime import date

import pytest

from flows.run.final_state import concluded
from tasks.categories import DEFAULT_CATEGORIES
from tasks.frames import Skipped
from tasks.report.artifacts import report_text
from tasks.report.digest import digest_frame, digest_text
from tasks.report.outcomes import skipped_rows
from tasks.report.summary import Summary

MAIL = {
    "message_key": "k" * 64, "source_id": "1", "sender": "Ann <ann@a.example>", "subject": "Hello", "kind": "mail",
    "language": "en", "target_language": "en", "attachments": [], "parse_defects": [], "repeats": False, "reason": "",
}  # fmt: skip


def effect(action, state, detail=""):
    return {
        "effect_id": f"{action} {state}", "action": action, "target": "support", "state": state, "detail": detail,
        "rule": "r",
    }  # fmt: skip


def summed(*effects):
    """A run over two mails, the first of which had these effects."""
    row, other = (row | {"status": "COMPLETED"} for row in skipped_rows(Skipped.of([MAIL, MAIL])))
    summary = Summary()
    summary.add([row | {"effects": list(effects)}, other], curable=0)
    return summary


def test_a_run_tells_in_one_line_how_many_effects_there_were_of_each_state():
    states = ["held", "done", "failed", "ambiguous", "superseded", "done", "planned", "something new"]
    summary = summed(*(effect("label", state) for state in states))

    told = "effects: 2 done, 1 planned, 1 held, 1 failed, 1 ambiguous, 1 superseded, 1 something new"
    assert summary.sentence() == f"2 mails: 2 completed, $0.0000; {told}"
    assert summed().sentence() == "2 mails: 2 completed, $0.0000"


@pytest.mark.parametrize(
    ("states", "name"),
    [
        ((), "Completed"),
        (("done", "held", "dry run", "skipped", "superseded"), "Completed"),
        (("done", "failed"), "EffectsNotDone"),
        (("ambiguous",), "EffectsNotDone"),
        (("unknown",), "EffectsNotDone"),
    ],
)
def test_a_run_with_effects_that_failed_or_are_unclear_is_not_plainly_completed(states, name):
    state = concluded(summed(*(effect("label", one) for one in states)))

    assert (state.name, state.type.value) == (name, "COMPLETED")
    assert ("reconcile-effects" in state.message) == (name == "EffectsNotDone")


def test_the_report_names_what_was_not_done_and_why_and_nothing_in_it_is_run():
    summary = summed(effect("label", "done"), effect("move", "failed", "the mail is in <b>`Trash`</b> | now"))

    text = report_text(summary, DEFAULT_CATEGORIES, source="s", folder="f", estimate="", links={})

    assert "| label support | 1 |" in text
    assert "| move support failed | 1 |" in text
    (line,) = [line for line in text.splitlines() if line.startswith("| move |")]
    assert line.count("|") == 6
    assert "<b>" not in line
    assert "the mail is in" in line


def test_a_report_of_very_many_failures_stays_short_and_says_how_many_more():
    text = report_text(
        summed(*[effect("label", "failed")] * 80), DEFAULT_CATEGORIES, source="s", folder="f", estimate="", links={}
    )

    assert text.count("| label | support |") == 50
    assert "30 more" in text


def test_the_table_has_each_mails_effects():
    first, second = summed(
        effect("label", "done"), effect("draft_reply", "held"), effect("flag", "dry run")
    ).table.rows()
    assert (first["done"], second["done"]) == ("label support; draft_reply held; would flag support", "")
    assert (first["acts"], second["acts"]) == ("1 held +2", "")


def test_the_digest_tells_the_days_effects_and_what_waits_by_now():
    text = digest_text(digest_frame([]), date(2026, 11, 28), DEFAULT_CATEGORIES, {"failed": 1, "done": 3}, held=2)
    assert "Effects, those of dry runs left out: 3 done, 1 failed. Held for a person by now: 2." in text
