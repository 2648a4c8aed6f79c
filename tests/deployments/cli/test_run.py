"""`mailroom run --json` prints the run's result for programs, and an estimate afterwards leaves out its mails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deployments.cli.estimate import estimate
from deployments.cli.run import run
from tasks import policies


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two mails."""
    mails = tmp_path / "mails"
    mails.mkdir()
    for name in ("one", "two"):
        words = f"From: ann@a.example\nSubject: Order {name}\n\nPlease send me the price of {name} chairs.\n"
        (mails / f"{name}.eml").write_text(words)
    return mails


def test_a_program_gets_one_json_value_and_an_estimate_knows_the_mails(
    prefect_server, provider_env, signals, folder, tmp_path, capsys
):
    capsys.readouterr()
    assert run(str(folder), output_dir=tmp_path / "out", dry_run=True, as_json=True) == 0
    ended = json.loads(capsys.readouterr().out)
    assert ended["state"] == "Completed"
    assert ended["mails"] == {"COMPLETED": 2}
    assert ended["url"].endswith(ended["run_id"])

    assert estimate(str(folder), as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["mails"], found["known"]) == (0, 2)
    assert estimate(str(folder)) == 0
    assert "2 more are known" in capsys.readouterr().out


def test_what_is_wrong_is_told_while_the_run_goes_on_and_not_only_in_its_log(
    prefect_server, provider_env, signals, folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[0.1]")
    soon = replace(policies.CALL, attempts=1, breaker_open_s=0.1, breaker_probe_s=0.1)
    monkeypatch.setattr(policies, "CALL", soon)

    assert run(str(folder), output_dir=tmp_path / "out") == 1
    told = capsys.readouterr().err

    cause = "at http://127.0.0.1:9/v1 could not be reached"
    assert cause in told
    assert "ProviderFailed" not in told, "the end is told once, on stdout"
    assert told.index(cause) < told.index("is asked again in")
    assert "Traceback" not in told
