"""Checks of every deployment of `prefect.yaml`.

It can be loaded, it has only parameters that its flow knows, and it says how its runs meet each other.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
from prefect.flows import load_flow_from_entrypoint

from deployments.inbox import prefect_server
from deployments.kept_changes import TAG
from flows.run.questions import ask_a_person

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
NAMES = [f"{Path(one['entrypoint'].partition(':')[0]).stem}/{one['name']}" for one in DEPLOYMENTS]
TRIGGERED = [(one, trigger) for one in DEPLOYMENTS for trigger in one.get("triggers", ())]


@pytest.fixture(params=DEPLOYMENTS, ids=NAMES)
def deployment(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_names_are_given_once():
    assert len(set(NAMES)) == len(NAMES)


def test_the_flow_is_there_and_knows_every_parameter(deployment, monkeypatch):
    monkeypatch.chdir(ROOT)
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    known = inspect.signature(flow.fn).parameters
    assert set(deployment.get("parameters", {})) <= set(known)
    given = {name: known[name].default for name in known if known[name].default is not inspect.Parameter.empty}
    given |= deployment.get("parameters", {})
    if set(known) <= set(given):  # what runs without a form must be able to begin
        flow.validate_parameters(given)
    else:
        assert not deployment.get("schedules"), "a schedule fills in no form"


def test_its_form_shows_a_field_for_every_number_with_its_bounds_in_words(deployment, monkeypatch):
    monkeypatch.chdir(ROOT)
    form = load_flow_from_entrypoint(deployment["entrypoint"]).parameters.model_dump()["properties"]
    for name, shown in form.items():
        kinds = [one.get("type") for one in shown.get("anyOf", ())]
        assert not {"integer", "number"} & set(kinds), f"{name} is a choice of types first"
        if {"minimum", "exclusiveMinimum", "maximum"} & set(shown):
            assert re.search(r"\d+ to \d+|ore than \d+|\d+ or more", shown["description"]), name


def test_it_is_described_for_the_ui_and_found_by_the_automation_for_dead_runs(deployment):
    assert len(deployment["description"].split()) > 5
    assert TAG in deployment["tags"]


def test_a_schedule_is_valid_and_says_what_happens_to_a_second_run(deployment):
    for schedule in deployment.get("schedules", ()):
        if "cron" in schedule:
            CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
        else:
            assert schedule["interval"] >= 60
        if not pauses(deployment):
            assert deployment["concurrency_limit"]["collision_strategy"] in ("CANCEL_NEW", "ENQUEUE")


def pauses(deployment):
    """Whether its flow waits for a person."""
    flow = load_flow_from_entrypoint(str(ROOT / deployment["entrypoint"]))
    return ask_a_person in inspect.unwrap(flow.fn).__globals__.values()


def test_what_waits_for_a_person_has_no_concurrency_limit(deployment):
    # Pausing gives the slot back, and Prefect calls the run crashed when it can't renew it.
    assert not (pauses(deployment) and "concurrency_limit" in deployment)


def test_some_deployment_waits_for_a_person():
    assert any(pauses(one) for one in DEPLOYMENTS)


@pytest.mark.parametrize(("deployment", "trigger"), TRIGGERED, ids=lambda one: one["name"])
def test_a_trigger_waits_for_what_is_announced(deployment, trigger):
    parsed = DeploymentEventTrigger.model_validate(trigger)
    assert parsed.expect == {prefect_server.ARRIVED}
    (resource,) = parsed.match["prefect.resource.id"]
    assert resource.startswith(f"mailroom.{deployment['name'].removeprefix('process-mail-')}")
