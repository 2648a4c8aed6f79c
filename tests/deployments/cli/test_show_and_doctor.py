"""`mailroom show` and `mailroom doctor`: what they print, and their exit codes."""

from __future__ import annotations

import json

import pytest

from deployments.cli.doctor import doctor
from deployments.cli.show import show
from tasks.errors import Misconfigured
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.outcomes import settle
from tests.made_rows import outcome_row

KEY = "ab12" * 16
RAW = b"From: ann@a.example\nSubject: Hello\n\nPlease send the list.\n\n> An older mail.\n> With two lines.\n"


@pytest.fixture
def outcome(monkeypatch, ledger_url):
    """A mail in the ledger whose outcome is known."""
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    monkeypatch.setenv("COLUMNS", "200")
    engine = open_ledger(ledger_url)
    record_seen(engine, [Seen(message_key=KEY, source="/mails", place="a.eml", source_id="a.eml", raw=RAW)])
    row = outcome_row(message_key=KEY, id="a.eml", summary="Ann wants [the list]. It is due.", status="COMPLETED")
    settle(engine, "run", [row], set(), {KEY: 0})


@pytest.mark.parametrize("key", ["ab12", "a.eml"])
def test_a_mail_is_found_by_the_beginning_of_its_key_or_by_its_id(outcome, key, capsys):
    assert show(key) == 0

    said = capsys.readouterr().out
    assert "Ann wants [the list]. It is due." in said
    assert KEY in said


def test_programs_get_json(outcome, capsys):
    assert show("ab12", as_json=True) == 0

    assert json.loads(capsys.readouterr().out)["summary"] == "Ann wants [the list]. It is due."


def test_a_mail_that_is_not_there_is_said_to_be_so(outcome):
    with pytest.raises(Misconfigured, match="knows no mail `none`"):
        show("none")


@pytest.fixture
def healthy(monkeypatch, ledger_url):
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def test_the_doctor_finds_nothing_wrong_where_nothing_is(healthy, capsys):
    assert doctor(offline=True) == 0

    said = capsys.readouterr().out
    assert "provider openai" in said
    assert "wrong" not in said
    assert "hidden" not in said


def test_programs_get_the_doctors_findings_as_json(healthy, monkeypatch, capsys):
    monkeypatch.setenv("MAILROOM_PROVIDER", "anthropic")
    assert doctor(offline=True, as_json=True) == 1
    findings = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert findings["Versions"]["ok"] is True
    assert findings["Key of anthropic"]["ok"] is False
    assert "ANTHROPIC_API_KEY" in findings["Key of anthropic"]["said"]


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("MAILROOM_PROVIDER", "anthropic", "ANTHROPIC_API_KEY"),
        ("MAILROOM_CHUNK_ROWS", "many", "MAILROOM_CHUNK_ROWS"),
        ("MAILROOM_LEDGER_URL", "sqlite:////proc/none/ledger.db", "Ledger"),
        ("PREFECT_API_URL", "http://127.0.0.1:9/api", "does not answer"),
    ],
)
def test_the_doctor_names_what_is_wrong(healthy, monkeypatch, name, value, word, capsys):
    monkeypatch.setenv(name, value)

    assert doctor(offline=True) == 1

    said = capsys.readouterr().out
    assert "wrong" in said
    assert word in said
