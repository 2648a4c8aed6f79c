"""A new action is one file.

Rules may name it. It is planned, performed and looked for like the shipped ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.act.actions import performer_of
from tasks.actions import action_types

ROOT = Path(__file__).resolve().parents[3]
ACTION = '''
"""Writes a line into a file of the operator's."""

from typing import Literal

from tasks.act.acted_mail import Planned
from tasks.actions import Action


class WriteLine(Action):
    """Write the mail's subject into the drafts folder's `lines.txt`."""

    action: Literal["write_line"]
    prefix: str = "-"


def plan(action, mail):
    return Planned(target="lines.txt", content=mail.facts())


async def perform(effect, context):
    context.about_to()
    folder = context.destinations.drafts_on_disk
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lines.txt").open("a") as lines:
        lines.write(f"{effect.parameters['prefix']} {effect.content['subject']}\\n")
    return "a line written"


async def look(effect, context):
    return "unknown"
'''
# In a process of its own: which actions there are is found once, when the rules' types are made.
RUN = """
import sys
import tasks.act.actions
tasks.act.actions.__path__.append(sys.argv[1])

from tasks.decide.rules import RuleFile, load_rules
from tests.tasks.act.office import Office

rule = {"name": "note", "when": "true", "then": [{"action": "write_line", "prefix": "*"}]}
rules = load_rules(__import__("json").dumps({"analyses": [], "rules": [rule]}))
action = rules.rules[0].entry.then[0].model_dump()
office = Office(sys.argv[2], settings={"drafts": sys.argv[3]})
office.receive()
(effect,) = office.act(action)
print(__import__("json").dumps({**effect, "in_schema": "write_line" in str(RuleFile.model_json_schema())}))
"""


def test_a_file_that_is_added_is_an_action_that_rules_may_name(tmp_path, ledger_url):
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "write_line.py").write_text(ACTION)
    command = [sys.executable, "-c", RUN, str(tmp_path / "actions"), ledger_url, str(tmp_path / "drafts")]

    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    effect = json.loads(done.stdout.splitlines()[-1])
    assert (effect["action"], effect["state"], effect["detail"]) == ("write_line", "done", "a line written")
    assert effect["in_schema"]
    assert (tmp_path / "drafts" / "lines.txt").read_text() == "* Login fails\n"


@pytest.mark.parametrize("name", sorted(action_types()))
def test_every_action_has_all_its_parts(name):
    performer = performer_of(name)

    assert all(callable(getattr(performer, part)) for part in ("plan", "perform", "look"))
    assert action_types()[name].__doc__
