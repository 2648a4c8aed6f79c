"""The containers' entry: secrets become variables, and missing ones are named."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from tasks.settings.receiver import ReceiverSettings
from tests.deployments.docker.composed import DOCKER, read_compose


def entered(secrets_dir, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "MAILROOM_SECRETS_DIR": str(secrets_dir), **variables}
    return subprocess.run(["sh", DOCKER / "entry.sh", "env"], env=environment, capture_output=True, text=True)


def test_a_mounted_secret_becomes_the_variable_and_other_files_stay_files(tmp_path):
    (tmp_path / "word").write_text('it\'s $(a) "word"\n')
    done = entered(tmp_path, {"PGPASSWORD_FILE": str(tmp_path / "word"), "MAILROOM_RULES_FILE": "/rules.yaml"})
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert found["PGPASSWORD"] == 'it\'s $(a) "word"'
    assert "PGPASSWORD_FILE" not in found
    assert found["MAILROOM_RULES_FILE"] == "/rules.yaml"


def test_a_secret_that_is_not_mounted_is_named(tmp_path):
    done = entered(tmp_path, {"PGPASSWORD_FILE": str(tmp_path / "word")})
    assert done.returncode == 2
    assert "PGPASSWORD_FILE" in done.stderr


@pytest.fixture
def made(tmp_path):
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((DOCKER / "make-secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, capture_output=True)
    return script


def test_all_secrets_of_compose_are_made_once_and_kept(made):
    folder = made.parent / "secrets"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(before) == set(read_compose()["secrets"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    subprocess.run(["sh", made], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_the_receiver_takes_the_secret_that_is_made_for_it(made):
    secret = (made.parent / "secrets" / "mailroom_receiver_webhook_secret").read_text()
    assert len(ReceiverSettings(webhook_secret=secret).webhook_keys[0]) == 32
