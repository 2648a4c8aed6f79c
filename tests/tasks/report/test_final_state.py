"""The final state of runs, such as one that found only unreadable files."""

import pytest

from flows.run.final_state import concluded
from tasks.frames import Skipped
from tasks.report.outcomes import skipped_rows
from tasks.report.summary import Summary

MAIL = {
    "message_key": "k", "source_id": "mail.pst", "sender": "", "subject": "", "kind": "mail", "language": "",
    "target_language": "ja", "attachments": [], "parse_defects": [], "repeats": False, "reason": "",
}  # fmt: skip
FAILED = {"status": "FAILED", "error_type": "VALIDATION_ERROR", "error": "`mail.pst` is an Outlook data file, not read"}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ([FAILED], "NothingRead"),
        ([FAILED, {"status": "SKIPPED"}], "NothingRead"),
        ([FAILED, {"status": "COMPLETED", "sender": "ann@example.org"}], "Completed"),
        ([FAILED | {"subject": "Hi"}], "Completed"),
        ([{"status": "SKIPPED"}], "Completed"),
    ],
)
def test_a_run_that_could_read_nothing_is_not_completed(changes, name):
    summary = Summary()
    summary.add([skipped_rows(Skipped.of([MAIL]))[0] | change for change in changes], curable=0)
    state = concluded(summary)

    assert (state.name, state.type.value) == (name, "FAILED" if name == "NothingRead" else "COMPLETED")
    assert name == "Completed" or "Outlook data file" in state.message


def ended(*changes, curable=0):
    summary = Summary()
    summary.add([skipped_rows(Skipped.of([MAIL]))[0] | change for change in changes], curable=curable)
    return concluded(summary)


PENDING = {"status": "PENDING", "error_type": "BUDGET_EXCEEDED", "error": "The run's budget has $0.00 left."}
AWAY = {"status": "FAILED", "error_type": "NETWORK_ERROR", "error": "No connection to http://far.example."}
REFUSED = {"status": "FAILED", "error_type": "REFUSED", "error": "Declined.", "subject": "Hi"}


def test_a_budget_that_pays_for_no_mail_is_not_green():
    too_small, stopped = ended(PENDING), ended(PENDING, {"status": "COMPLETED", "calls": 2})
    assert (too_small.name, too_small.is_failed()) == ("BudgetTooSmall", True)
    assert "Not one mail could be paid for. 1 mail is left for the next run." in too_small.message
    assert (stopped.name, stopped.is_completed()) == ("StoppedAtBudget", True)


def test_mails_that_cannot_come_right_are_not_among_those_that_the_next_run_takes():
    state = ended(AWAY, REFUSED, REFUSED, curable=1)
    assert state.name == "ProviderFailed"
    assert "No connection to http://far.example. 1 mail is tried again by the next run. 2 mails cannot" in state.message
    assert "1 mail cannot come right without a person" in ended({"status": "COMPLETED", "calls": 1}, REFUSED).message
