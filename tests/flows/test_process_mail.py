"""The main job against a real Prefect server and the simulator, through the official SDKs."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_UI_URL

from flows.process_mail import process_mail
from tasks.frames import Outcomes
from tasks.ledger.outcomes import read_run
from tasks.settings import read_settings

TICKET = ("email_024", "email_029", "email_030")
SAMPLES = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def few(tmp_path):
    """A folder with three of the sample mails."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("0[123]-*.eml")):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def run(prefect_server, provider_env, monkeypatch):
    """Runs the flow and gives its last state and its outcome rows by id."""
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[]")

    def run_flow(source, **parameters):
        state = process_mail(str(source), **parameters, return_state=True)
        rows = read_run(read_settings().ledger, str(state.state_details.flow_run_id))
        return state, {row["id"]: row for row in rows}

    return run_flow


def requests(simulator):
    return simulator.stats()["total"]["answered"]


def test_every_sample_mail_is_completed_but_the_empty_one(run, simulator):
    state, rows = run(SAMPLES)

    assert len(rows) == 30
    assert {row["status"] for name, row in rows.items() if name != "email_028"} == {"COMPLETED"}
    assert (rows["email_028"]["status"], rows["email_028"]["error_type"]) == ("FAILED", "VALIDATION_ERROR")
    assert state.name == "Completed"
    assert "30 mails: 29 completed, 1 failed" in state.message
    assert "simulated" in state.message
    drafts = {
        name: [one["state"] for one in rows[name]["effects"] if one["action"] == "draft_reply"] for name in TICKET
    }
    assert drafts == {"email_024": ["superseded"], "email_029": ["superseded"], "email_030": ["held"]}
    assert "2 superseded" in state.message


def test_the_two_known_mails_are_read_as_everybody_expects(run):
    _, rows = run(SAMPLES)

    first, second = rows["email_001"], rows["email_002"]
    assert first["target_language"] == "ja"
    assert "ダークモード" in first["translation"]
    assert first["action_items"]
    assert second["category"] == "URGENT"
    assert second["target_language"] == "es"
    assert "pagos" in second["translation"]
    assert all(row["simulated"] and row["cost_usd"] > 0 and row["input_tokens"] > 0 for row in (first, second))


def test_a_second_run_asks_nobody_and_says_so(run, few, simulator):
    run(few)
    asked = requests(simulator)

    state, rows = run(few)

    assert requests(simulator) == asked
    assert {row["status"] for row in rows.values()} == {"SKIPPED"}
    assert all(row["reason"] == "Already processed." and row["duplicate_of"] for row in rows.values())
    assert state.name == "Completed"


def test_again_works_anew_and_takes_known_answers_from_the_ledger(run, few, simulator):
    run(few)
    asked = requests(simulator)

    _, rows = run(few, again=True)

    assert {row["status"] for row in rows.values()} == {"COMPLETED"}
    assert requests(simulator) == asked
    assert all(row["cost_usd"] == 0 for row in rows.values())


def test_refresh_asks_the_models_anew(run, few, simulator):
    run(few)
    asked = requests(simulator)

    run(few, again=True, refresh=True)

    assert requests(simulator) == 2 * asked


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
def test_each_provider_is_asked_through_its_own_sdk(run, few, simulator, provider):
    _, rows = run(few, provider=provider)

    assert {row["status"] for row in rows.values()} == {"COMPLETED"}
    assert list(simulator.stats()["providers"]) == [provider]


def test_without_a_key_nothing_begins_and_the_variable_is_named(run, few, simulator, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")

    state, rows = run(few)

    assert (state.name, rows) == ("Misconfigured", {})
    assert "OPENAI_API_KEY" in state.message
    assert requests(simulator) == 0


def test_all_that_is_wrong_is_told_at_once(run, few, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("MAILROOM_RULES_FILE", str(tmp_path / "no-rules.json"))

    state = process_mail(str(tmp_path / "nowhere"), target_language="Klingonese", return_state=True)

    assert state.name == "Misconfigured"
    assert all(one in state.message for one in ("4 things", "OPENAI_API_KEY", "no-rules.json", "nowhere", "Klingonese"))


@pytest.mark.parametrize(
    ("source", "said"),
    [("nowhere", "nowhere"), ("empty", "empty"), ("table.csv", "content"), ("", "MAILROOM_SOURCE")],
)
def test_a_source_that_cannot_be_read_is_named(run, tmp_path, source, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "table.csv").write_text("id,subject\n1,x\n")

    state = process_mail(source and str(tmp_path / source), return_state=True)

    assert state.name == "Misconfigured"
    assert said in state.message


def test_mails_that_the_provider_failed_are_taken_up_by_the_next_run(run, few, picky_simulator, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", f"{picky_simulator.url}/v1")
    state, rows = run(few)

    assert state.name == "ProviderFailed"
    assert {(row["status"], row["error_type"]) for row in rows.values()} == {("FAILED", "AUTH")}

    monkeypatch.setenv("OPENAI_API_KEY", "good")
    state, rows = run(few)

    assert state.name == "Completed"
    assert {row["status"] for row in rows.values()} == {"COMPLETED"}


def test_what_the_ui_shows_holds_nothing_of_a_mail_that_a_browser_would_fetch(run, tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "one.eml").write_bytes(
        b"From: <script>alert(1)</script> <x@example.com>\nSubject: ![p](http://evil.example/t.gif) <img src=http://evil.example>\n"
        b"\nPlease send the report by Friday. <img src='http://evil.example/2'> It matters. Thank you.\n"
    )

    state, _ = run(folder)

    with get_client(sync_client=True) as client:
        body = {"artifacts": {"flow_run_id": {"any_": [str(state.state_details.flow_run_id)]}}}
        artifacts = client._client.post("/artifacts/filter", json=body).json()
    ours = PREFECT_UI_URL.value()  # the report links to the table's page
    shown = {
        artifact["key"]: json.dumps(artifact["data"], ensure_ascii=False).replace(f"]({ours}/", "]")
        for artifact in artifacts
    }
    assert set(shown) == {"mailroom-progress", "mailroom-outcomes", "mailroom-report"}
    for data in shown.values():
        assert "<" not in data
        assert "http:" not in data
        assert "](h" not in data


def test_results_are_written_in_three_forms_with_the_same_rows(run, few, tmp_path):
    _, rows = run(few, output_dir=str(tmp_path / "results"))

    (folder,) = (tmp_path / "results").iterdir()
    lines = [json.loads(line) for line in (folder / "outcomes.jsonl").read_text("utf-8").splitlines()]
    table, parquet = pd.read_csv(folder / "outcomes.csv"), pd.read_parquet(folder / "outcomes.parquet")
    assert {row["id"] for row in lines} == set(rows) == set(table["id"]) == set(parquet["id"])
    assert list(table.columns) == list(parquet.columns) == Outcomes.names()
    assert not list(folder.glob("*.part"))


def test_chunks_are_task_runs_and_mails_are_not(run, few):
    state, _ = run(few, chunk_rows=2)

    with get_client(sync_client=True) as client:
        body = {"flow_runs": {"id": {"any_": [str(state.state_details.flow_run_id)]}}}
        names = [one["name"] for one in client._client.post("/task_runs/filter", json=body).json()]
    assert sorted(name for name in names if name.startswith("understand")) == [
        "understand mails 1-2",
        "understand mails 3-3",
    ]
