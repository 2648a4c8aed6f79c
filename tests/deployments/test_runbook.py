"""All commands, variables, deployments and make targets in the runbook and the page on upgrades exist."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml

from tests.deployments.commands import parse
from tests.deployments.docker.composed import ROOT
from tests.deployments.variables import known_variables

TEXT = "\n".join((ROOT / page).read_text() for page in ("deployments/README.md", "docs/upgrades.md"))
# A command ends where its explanation, a chain or the code does.
COMMANDS = sorted(set(re.findall(r"(?:^    |`|&& )((?:mailroom|prefect) [a-z-][^`#&\n]*)", TEXT, re.MULTILINE)))
DEPLOYMENTS = {one["name"] for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one(command):
    assert parse(shlex.split(command))


def test_every_variable_is_read():
    named = set(re.findall(r"\b(?:MAILROOM|PREFECT|OPENAI|ANTHROPIC|CLAUDE|GEMINI)_[A-Z_]+[A-Z]\b", TEXT))
    assert {name.removesuffix("_FILE") for name in named} - known_variables() == set()


def test_every_deployment_but_the_demos_is_told_of_and_no_other():
    named = set(re.findall(r"^\| `([a-z-]+)` \|", TEXT, re.MULTILINE))
    shared = {"process-share"}  # started by process-large, and named in its line
    assert named == {name for name in DEPLOYMENTS if not name.endswith("-demo")} - shared


def test_every_make_target_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", TEXT)) <= targets
