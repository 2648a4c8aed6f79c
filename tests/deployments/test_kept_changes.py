"""What an operator set in the UI about deployments is still so after they were registered again."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.schedules import CronSchedule
from prefect.variables import Variable

from deployments.kept_changes import VARIABLE

FLOW = "kept-changes-test"
PROJECT = """
    name: kept
    build:
      - deployments.kept_changes.keep: {}
    pull: []
    deployments:
      - name: nightly
        entrypoint: kept.py:kept
        tags: [mailroom]
        parameters: {most: 5, source: here}
        schedules: [{slug: nightly, cron: "0 1 * * *", timezone: UTC}]
        triggers: [{type: event, name: kept-changes-test, expect: [kept.test]}]
        work_pool: {name: kept-changes-test}
      - name: weekly
        entrypoint: kept.py:kept
        tags: [mailroom]
        parameters: {}
        schedules: [{slug: weekly, cron: "0 4 * * 1", timezone: UTC}]
        work_pool: {name: kept-changes-test}
"""


@pytest.fixture
def deploy(prefect_server, tmp_path):
    """Runs `prefect deploy --all` over the project, of which texts may be replaced; gives what it said."""
    (tmp_path / "kept.py").write_text(
        f"from prefect import flow\n@flow(name={FLOW!r})\ndef kept(most: int = 1, source: str = ''): ...\n"
    )

    def prefect(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *words], cwd=tmp_path, env=dict(os.environ),
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr

    def run(**replaced: str) -> str:
        text = dedent(PROJECT)
        for old, new in replaced.items():
            text = text.replace(old, new)
        (tmp_path / "prefect.yaml").write_text(text)
        return prefect("deploy", "--all")

    prefect("work-pool", "create", FLOW, "--type", "process", "--overwrite")
    Variable.unset(VARIABLE)
    yield run
    Variable.unset(VARIABLE)
    with get_client(sync_client=True) as client:
        for name in ("nightly", "weekly"):
            client.delete_deployment(client.read_deployment_by_name(f"{FLOW}/{name}").id)
        client.delete_automation(client.read_automations_by_name(FLOW)[0].id)


def schedules_of(name: str) -> set[tuple[str, bool]]:
    with get_client(sync_client=True) as client:
        one = client.read_deployment_by_name(f"{FLOW}/{name}")
        return {(schedule.schedule.cron, schedule.active) for schedule in one.schedules}


def test_what_was_set_in_the_ui_is_kept_and_said_and_the_rest_follows_the_file(deploy):
    assert deploy() == ""
    with get_client(sync_client=True) as client:
        one = client.read_deployment_by_name(f"{FLOW}/nightly")
        client.update_deployment_schedule(one.id, one.schedules[0].id, schedule=CronSchedule(cron="0 9 * * 1"))
        client.update_deployment_schedule(one.id, one.schedules[0].id, active=False)
        client.update_deployment(one.id, DeploymentUpdate(parameters={**one.parameters, "most": 50}))
        client.pause_automation(client.read_automations_by_name(FLOW)[0].id)

    said = deploy(**{"source: here": "source: there", "0 4": "0 5"})

    assert f"{FLOW}/nightly: schedules `0 9 * * 1` (prefect.yaml has `0 1 * * *`)" in said
    assert '"most": 50' in said
    assert "weekly" not in said
    assert schedules_of("nightly") == {("0 9 * * 1", False)}
    assert schedules_of("weekly") == {("0 5 * * 1", True)}
    with get_client(sync_client=True) as client:
        one = client.read_deployment_by_name(f"{FLOW}/nightly")
        assert (one.parameters, one.tags) == ({"most": 50, "source": "there"}, ["mailroom"])
        assert not client.read_automations_by_name(FLOW)[0].enabled
        # A schedule more as the UI makes it, which has no slug: Prefect would replace all of them.
        client.create_deployment_schedules(one.id, [(CronSchedule(cron="0 12 * * *"), True)])
        client.pause_deployment(one.id)

    deploy()

    assert schedules_of("nightly") == {("0 9 * * 1", False), ("0 12 * * *", True)}
    with get_client(sync_client=True) as client:
        assert client.read_deployment_by_name(f"{FLOW}/nightly").paused
