"""Keys and mail bodies do not leak: everything that a run writes is searched for marked ones."""

import json
import time
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.process_mail import process_mail

KEY = "sk-canary-3f9a51c2"
SECOND = "sk-canary-77b0e4d8"
BODY = "canarybody51c2"
MAIL = f"From: a@example.com\nSubject: Plain subject\n\nPlease call me. The word {BODY} is nobody's business. Thanks.\n"


@pytest.fixture
def written(prefect_server, prefect_home, picky_simulator, monkeypatch, tmp_path):
    """All bytes that two runs wrote, one with rejected keys and one with an accepted key, by where they are."""
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[]")
    monkeypatch.setenv("OPENAI_API_KEYS", f"{KEY},{SECOND}")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{picky_simulator.url}/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", picky_simulator.url)
    monkeypatch.setenv("MAILROOM_FALLBACKS", '["anthropic"]')
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "one.eml").write_text(MAIL)
    (tmp_path / ".env").write_text(f"ANTHROPIC_API_KEY={KEY}\nOPENAI_API_KEY={SECOND}\n")

    rejected = process_mail(str(tmp_path / "mails"), return_state=True)
    assert rejected.name == "ProviderFailed"
    monkeypatch.setenv("OPENAI_API_KEY", "good")
    accepted = process_mail(str(tmp_path / "mails"), return_state=True)
    assert accepted.name == "Completed"

    found = {
        path: path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name not in (".env", "one.eml")
    }
    found |= {path: path.read_bytes() for path in prefect_home.rglob("*") if path.is_file()}
    return found | {Path("api"): _all_the_api_tells([rejected, accepted]).encode()}


def _all_the_api_tells(runs):
    """What Prefect's API knows of these runs, by kind; other tests' runs on the same server are theirs."""
    ids = {"any_": [str(state.state_details.flow_run_id) for state in runs]}
    asked = {
        "logs": {"logs": {"flow_run_id": ids}, "limit": 200},
        "artifacts": {"artifacts": {"flow_run_id": ids}},
        "flow_runs": {"flow_runs": {"id": ids}},
        "task_runs": {"flow_runs": {"id": ids}},
    }
    with get_client(sync_client=True) as client:
        while "1 completed" not in client._client.post("/logs/filter", json=asked["logs"]).text:
            time.sleep(0.2)  # lines reach the API some time after they were written; the run's time limit is the test's
        told = {name: client._client.post(f"/{name}/filter", json=body).json() for name, body in asked.items()}
    return json.dumps(told, ensure_ascii=False)


def test_no_key_is_written_anywhere(written):
    assert any(path.name == "ledger.db" for path in written)
    leaks = [path for path, data in written.items() for key in (KEY, SECOND) if key.encode() in data]
    assert leaks == []


def test_no_log_and_no_run_quotes_a_body(written):
    told = json.loads(written[Path("api")])

    assert len(told["logs"]) > 5
    for name in ("logs", "flow_runs", "task_runs"):
        assert [one.get("message", one["id"]) for one in told[name] if BODY in json.dumps(one)] == []


def test_a_failing_provider_leaves_no_stack_trace_in_the_log(written):
    messages = [line["message"] for line in json.loads(written[Path("api")])["logs"]]

    assert any("could not be read: 1 AUTH" in message for message in messages)
    assert [message[:200] for message in messages if "Traceback" in message] == []
