"""Which Prefect server a command talks to, and what is said where there can be none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from deployments.cli.home import use_server
from tasks.errors import Misconfigured
from tests.conftest import ROOT


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (tmp_path / ".mailroom").write_text("in the way")
    with pytest.raises(Misconfigured, match=r"cannot be started in `.*\.mailroom`: .*Let PREFECT_API_URL name one"):
        use_server()


def test_what_is_noted_is_said_after_the_work_and_an_error_alone(tmp_path):
    def said(source: str) -> tuple[int, list[str]]:
        code = "from deployments.cli.main import main; main()"
        kept = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
        done = subprocess.run(
            [sys.executable, "-c", code, "estimate", source], cwd=tmp_path, env={**kept, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, done.stderr.splitlines()

    shutil.copytree(ROOT / "deployments" / "demo" / "sample_mailbox", tmp_path / "mail")
    assert said("mail") == (0, ["No Prefect server is up, so the categories that ship were taken."])
    code, lines = said("nowhere")
    assert (code, len(lines)) == (2, 1)
    assert "nowhere` is not there" in lines[0]
