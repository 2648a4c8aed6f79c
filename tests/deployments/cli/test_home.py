"""Which Prefect server a command talks to, and what is said where there can be none."""

from __future__ import annotations

import pytest

from deployments.cli.home import use_server
from tasks.errors import Misconfigured


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (tmp_path / ".mailroom").write_text("in the way")
    with pytest.raises(Misconfigured, match=r"cannot be started in `.*\.mailroom`: .*Let PREFECT_API_URL name one"):
        use_server()
