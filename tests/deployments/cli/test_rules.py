import json
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import func, select

from deployments.cli.rules import check, schema, try_
from tasks.decide.rules import load_rules
from tasks.errors import Misconfigured
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import effects, messages

SAMPLES = Path(__file__).resolve().parents[3] / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rules.json"
    path.write_text(load_rules().text)
    return path


def test_good_rules_are_shown_in_order(file, capsys):
    assert check(file) == 0

    said = capsys.readouterr().out
    said = said.partition("Rules")[2]
    assert said.index("unread") < said.index("unsure") < said.index("answer")


def test_programs_get_categories_and_rules_as_json(file, capsys):
    assert check(file, as_json=True) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["categories"][0]["name"] == "URGENT"
    assert said["rules"] == json.loads(load_rules().text)["rules"]


def test_a_rule_that_names_what_is_not_configured_is_named(file):
    rule = {"name": "tell", "when": "true", "then": [{"action": "webhook", "endpoint": "crm"}]}
    file.write_text(json.dumps({"rules": [rule]}))

    with pytest.raises(Misconfigured, match=r"`tell`.*`crm`"):
        check(file)


def test_trying_rules_shows_what_they_would_do_and_leaves_no_trace(file, provider_env, ledger_url, monkeypatch, capsys):
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)

    assert try_(str(SAMPLES), file=file, mails=3) == 0

    said = capsys.readouterr().out
    assert "draft_reply" in said
    assert "held" in said
    with open_ledger(ledger_url).begin() as connection:
        assert [connection.scalar(select(func.count()).select_from(table)) for table in (messages, effects)] == [0, 0]
    assert try_(str(SAMPLES), file=file, mails=3, as_json=True) == 0
    mails = json.loads(capsys.readouterr().out)
    assert len(mails) == 3
    assert {"draft_reply"} <= {plan["action"] for mail in mails for plan in mail["would"]}


def test_the_shipped_rules_keep_to_the_schema(capsys):
    assert schema() == 0

    jsonschema.validate(json.loads(load_rules().text), json.loads(capsys.readouterr().out))
