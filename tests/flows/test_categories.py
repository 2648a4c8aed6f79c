"""A category is added when a run begins.

The models are told of it, and no stage loses a mail that is sorted into it.
"""

import json

import pandas as pd
import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from flows.process_mail import handle_messages, process_mail
from flows.run.setup import mails_of_source, prepare
from flows.run.under_way import under_way
from tasks.categories import DEFAULT_CATEGORIES, Categories, Category
from tasks.ingest.read_messages import read_windows
from tasks.ledger.outcomes import read_run
from tasks.settings import read_settings
from tests.flows.run_processes import ROOT, WORKERS, run

INVOICES = Categories((*DEFAULT_CATEGORIES.entries, Category(name="INVOICE", meaning="a bill that is to be paid.")))
INVOICE = (
    b"From: billing@a.example\nSubject: Your invoice 4711\n\nThe invoice for November is due on the 15th. Thank you.\n"
)
BILL = b"From: office@a.example\nSubject: November\n\nPayable within 14 days: 230 euros. Kind regards, the office.\n"
MEETING = b"From: ann@a.example\nSubject: Meeting on Friday\n\nCan we meet on Friday at ten to discuss the agenda?\n"


@flow(persist_result=False)
def process_with(source: str, categories: Categories):
    prepared = prepare(read_settings(source=source), categories)
    with under_way(prepared, mails_of_source(prepared)) as job:
        return handle_messages(read_windows(job.reader), job)


@pytest.fixture
def processed(prefect_server, provider_env, tmp_path):
    """The outcomes and the report of a run over an invoice and a request for a meeting, by the categories given."""

    def process(categories: Categories):
        folder = tmp_path / "mails"
        folder.mkdir(exist_ok=True)
        (folder / "invoice.eml").write_bytes(INVOICE)
        (folder / "meeting.eml").write_bytes(MEETING)
        state = process_with(str(folder), categories, return_state=True)
        run_id = str(state.state_details.flow_run_id)
        return read_run(read_settings().ledger, run_id), report_of(run_id)

    return process


def report_of(run_id: str) -> str:
    with get_client(sync_client=True) as client:
        filters = {"flow_runs": {"id": {"any_": [run_id]}}, "artifacts": {"key": {"any_": ["mailroom-report"]}}}
        (report,) = client.request("POST", "/artifacts/filter", json=filters).json()
    return json.dumps(report["data"])


@pytest.mark.parametrize("mails_per_call", ["1", "5"])
def test_a_mail_of_an_added_category_reaches_its_outcome_and_the_report(processed, monkeypatch, mails_per_call):
    monkeypatch.setenv("MAILROOM_MAILS_PER_CALL", mails_per_call)

    outcomes, report = processed(INVOICES)

    assert {row["id"]: (row["category"], row["status"]) for row in outcomes} == {
        "invoice.eml": ("INVOICE", "COMPLETED"),
        "meeting.eml": ("MEETING", "COMPLETED"),
    }
    assert "| INVOICE | 1 |" in report


def test_a_list_without_the_usual_names_sorts_every_mail(processed, monkeypatch):
    monkeypatch.setenv(
        "MAILROOM_MAILS_PER_CALL", "5"
    )  # none is asked about with others: the control mail has no category

    outcomes, _report = processed(Categories((Category(name="INVOICE"), Category(name="REST"))))

    frame = pd.DataFrame(outcomes)
    assert dict(zip(frame["id"], frame["category"], strict=True)) == {"invoice.eml": "INVOICE", "meeting.eml": "REST"}
    assert set(frame["status"]) == {"COMPLETED"}


@pytest.fixture
def bill(prefect_server, provider_env, tmp_path):
    path = tmp_path / "bill.eml"
    path.write_bytes(BILL)
    return str(path)


def test_a_variable_reaches_a_deployed_runs_outcome_by_way_of_its_rules(bill, variables, tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MAILROOM_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.setenv("MAILROOM_OUTPUT_DIR", str(tmp_path / "out"))
    invoices = {"name": "SUPPLIERS_INVOICE_OR_REMINDER", "meaning": "a bill.", "words": ["payable within"]}
    bills = {"name": "bills", "when": f"category == '{invoices['name']}'", "then": [{"action": "flag"}]}
    variables(mailroom_categories={"categories": [invoices], "keep_shipped": True}, mailroom_rules={"rules": [bills]})

    end = run(WORKERS, source=bill)

    (row,) = read_run(read_settings().ledger, str(end.state.state_details.flow_run_id))
    assert (row["category"], row["rule"]) == (invoices["name"], "bills")
    assert any(f"PERSONAL, OTHER, {invoices['name']}" in line for line in end.log)


def test_unknown_categories_are_told_with_all_other_faults_before_any_call(bill, variables, simulator, monkeypatch):
    variables(mailroom_rules={"rules": [{"name": "bills", "when": "category == 'INVOICE'", "then": []}]})
    monkeypatch.setenv("OPENAI_API_KEY", "")

    state = process_mail(bill, return_state=True)

    assert state.name == "Misconfigured"
    assert "`bills`, names the category `INVOICE`" in state.message
    assert "OPENAI_API_KEY" in state.message
    assert simulator.stats()["total"]["requests"] == 0
