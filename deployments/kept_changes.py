"""What an operator changed about deployments in Prefect's UI, kept when `prefect deploy` registers them anew.

`prefect deploy` writes schedules and parameters as prefect.yaml has them, whatever was set in the UI. So prefect.yaml
has a build step that looks at the server before anything is written, and puts back when the command ends what the
operator had changed since the last time, which the Prefect Variable `mailroom-deployed` remembers.
"""

from __future__ import annotations

import atexit
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, VariableCreate, VariableUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse

VARIABLE = "mailroom-deployed"
TAG = "mailroom"
"""Of every deployment in prefect.yaml."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """How deployments stood on a server, by FLOW/NAME, and the automations that were switched off."""

    deployments: Mapping[str, DeploymentResponse]
    automations_off: frozenset[str] = field(default_factory=frozenset)


def keep() -> dict[str, Any]:
    """A build step of prefect.yaml, without outputs: the first in a command looks at the server."""
    _begin()
    return {}


@cache
def _begin() -> None:
    with get_client(sync_client=True) as client:
        before = look(client)

    def at_the_end() -> None:
        with get_client(sync_client=True) as client:
            put_back(client, before, lambda line: sys.stderr.write(f"{line}\n"))

    # Prefect has no step that comes after the last deployment.
    atexit.register(at_the_end)


def look(client: SyncPrefectClient) -> Found:
    """How our deployments stand now."""
    ours = client.read_deployments(deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])))
    flows = {one.flow_id: client.read_flow(one.flow_id).name for one in {one.flow_id: one for one in ours}.values()}
    off = frozenset(one.name for one in client.read_automations() if not one.enabled)
    return Found(deployments={f"{flows[one.flow_id]}/{one.name}": one for one in ours}, automations_off=off)


def put_back(client: SyncPrefectClient, before: Found, say: Callable[[str], object]) -> None:
    """Set our deployments as the operator had set them before they were written; what is kept is said."""
    last, written = _remembered(client), look(client)
    for name, now in written.deployments.items():
        then = before.deployments.get(name)
        if then is None:
            continue
        known = last.get(name) or _as_written(now)
        for line in (_schedules(client, then, now, known), _parameters(client, then, now, known)):
            if line:
                say(f"Kept as set in the UI: {name}: {line}")
        if then.paused != now.paused:
            client.set_deployment_paused_state(now.id, then.paused)
    for one in client.read_automations():
        if one.enabled and one.name in before.automations_off:
            client.pause_automation(one.id)
    _remember(client, {**last, **{name: _as_written(now) for name, now in written.deployments.items()}})


def _schedules(
    client: SyncPrefectClient, then: DeploymentResponse, now: DeploymentResponse, last: Mapping[str, Any]
) -> str:
    """What is kept of the schedules; empty where the operator had changed none."""
    theirs, file = _schedules_of(then), _schedules_of(now)
    if theirs == last["schedules"] or theirs == file:
        return ""
    for schedule in now.schedules:
        client.delete_deployment_schedule(now.id, schedule.id)
    wanted = [
        one.model_dump(mode="json", include={"slug", "schedule", "active", "parameters"}) for one in then.schedules
    ]
    if wanted:
        client.request("POST", "/deployments/{id}/schedules", path_params={"id": now.id}, json=wanted)
    return f"schedules {_told(theirs)} (prefect.yaml has {_told(file)})"


def _parameters(
    client: SyncPrefectClient, then: DeploymentResponse, now: DeploymentResponse, last: Mapping[str, Any]
) -> str:
    """What is kept of the parameters, each by itself; empty where the operator had changed none."""
    known, file = last["parameters"], now.parameters
    kept = {name: value for name, value in then.parameters.items() if name not in known or known[name] != value}
    gone = {name for name in known if name not in then.parameters}
    wanted = {name: value for name, value in {**file, **kept}.items() if name not in gone}
    if wanted == file:
        return ""
    client.update_deployment(now.id, DeploymentUpdate(parameters=wanted))
    return f"parameters {json.dumps(wanted, ensure_ascii=False)} (prefect.yaml has {json.dumps(file)})"


def _as_written(deployment: DeploymentResponse) -> dict[str, Any]:
    return {"schedules": _schedules_of(deployment), "parameters": deployment.parameters}


def _schedules_of(deployment: DeploymentResponse) -> list[dict[str, Any]]:
    """The schedules as they may be compared; when an interval began is settled anew each time."""
    found = [
        {"slug": one.slug or "", **one.schedule.model_dump(mode="json", exclude={"anchor_date"}, exclude_none=True)}
        for one in deployment.schedules
    ]
    return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))


def _told(schedules: Sequence[Mapping[str, Any]]) -> str:
    said = [str(one.get("cron") or one.get("rrule") or f"every {one.get('interval')} s") for one in schedules]
    return ", ".join(f"`{one}`" for one in said) or "none"


def _remembered(client: SyncPrefectClient) -> dict[str, Any]:
    found = client.read_variable_by_name(VARIABLE)
    return dict(found.value) if found is not None and isinstance(found.value, dict) else {}


def _remember(client: SyncPrefectClient, written: Mapping[str, Any]) -> None:
    value = dict(written)
    if client.read_variable_by_name(VARIABLE) is None:
        client.create_variable(VariableCreate(name=VARIABLE, value=value, tags=[TAG]))
    else:
        client.update_variable(VariableUpdate(name=VARIABLE, value=value))
