"""How a run ends that met nothing but files that cannot be read."""

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
