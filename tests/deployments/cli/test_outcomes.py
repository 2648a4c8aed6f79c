"""What a terminal of 80 columns shows of a run."""

from __future__ import annotations

import io

from rich.cells import cell_len
from rich.console import Console

from deployments.cli.outcomes import print_what_needs_a_person
from tests.made_rows import outcome_row


def test_what_needs_a_person_fits_80_columns_and_breaks_no_word():
    rows = [
        outcome_row(subject="Nothing to do"),
        outcome_row(subject="Très urgent : " + "une très longue phrase " * 9, urgent=True, category="URGENT"),
        outcome_row(subject="", status="FAILED", category=None, error_type="VALIDATION_ERROR", error="It is empty."),
        outcome_row(subject="紧急" * 40, urgent=True, category="SUPPLIERS_INVOICE_OR_REMINDER"),
    ]
    console = Console(width=80, file=io.StringIO())

    print_what_needs_a_person(console, rows)

    said = console.file.getvalue()
    lines = said.splitlines()
    assert lines[0].startswith("What needs you: 3 of 4 mails")
    assert said.index("VALIDATION_ERROR") < said.index("urgent")
    assert "Nothing to do" not in said
    assert max(cell_len(line) for line in lines) <= 80
