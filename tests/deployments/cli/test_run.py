"""`mailroom run --json` prints the run's result for programs, and an estimate afterwards leaves out its mails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployments.cli.estimate import estimate
from deployments.cli.run import run


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
