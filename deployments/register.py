"""Creates what `prefect.yaml` relies on and can't define: the work pool, the block type for mailboxes, and the
automations that detect dead runs and notify people.

It is safe to run again: existing objects are updated and never duplicated. `mailroom register` runs it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import VariableCreate, WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from deployments import alerts
from deployments.kept_changes import TAG
from deployments.local.prefect_env import SILENCE_S
from tasks.categories import DEFAULT_CATEGORIES
from tasks.decide import operator_rules
from tasks.decide.rules import load_rules
from tasks.mailbox.imap.block import Mailbox
from tasks.understand import operator_categories

POOL = "mailroom"

DEAD_RUNS = AutomationCore(
    name="mailroom: mark dead runs as crashed",
    description=(
        f"A run of Mailroom that gave no sign of life for {SILENCE_S} s and did not end is marked as crashed, so that "
        "its concurrency slot is free; its mails are taken up by the next run."
    ),
    trigger=EventTrigger(
        # Only our runs: those of others may send heartbeats less often.
        match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
        match_related=ResourceSpecification(
            {"prefect.resource.id": f"prefect.tag.{TAG}", "prefect.resource.role": "tag"}
        ),
        for_each={"prefect.resource.id"},
        after={"prefect.flow-run.heartbeat"},
        expect={
            "prefect.flow-run.heartbeat",
            "prefect.flow-run.Completed",
            "prefect.flow-run.Failed",
            "prefect.flow-run.Cancelled",
            "prefect.flow-run.Crashed",
            # A suspended run has no process and waits for a person without a time limit.
            "prefect.flow-run.Suspended",
        },
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=SILENCE_S),
    ),
    actions=[
        ChangeFlowRunState(
            state=StateType.CRASHED, message=f"The run's process gave no sign of life for {SILENCE_S} s."
        )
    ],
)


# Names of deployments in earlier versions, as FLOW/NAME. A server that still has them would run each job twice.
FORMER = (
    "process-mail/demo", "process-mail/hourly", "process-mail/inbox", "process-mail/mailbox", "process-mail/on-demand",
    "approve-replies/demo", "approve-replies/mornings", "reconcile-effects/every-quarter-hour", "retry-failed/nightly",
    "collect-batches/by-and-by", "daily-digest/daily", "prune-ledger/nightly", "process-large/on-demand",
    "process-share/worker",
)  # fmt: skip


async def register(say: Callable[[str], None], *, pool_type: str = "process") -> None:
    """Create the work pool, the block type and the automations on the server that this process uses."""
    async with get_client() as client:
        say(await _make_pool(client, pool_type))
        await Mailbox.aregister_type_and_schema(client=client)
        say("Blocks of the kind `Mailbox` can be made.")
        await _remove_former(client, say)
        say(await _make_automation(client, DEAD_RUNS))
        block = await alerts.find_block(client)
        if block is not None:
            say(await _make_automation(client, alerts.automation(block)))
        else:
            say(f"Nobody is told of budgets and providers: there is no notification block `{alerts.BLOCK}`.")


async def offer_variables(say: Callable[[str], None]) -> None:
    """Create the Variables with the shipped values, so that the UI can edit them. Existing ones stay unchanged."""
    async with get_client() as client:
        for name, value in _offered().items():
            if await client.read_variable_by_name(name) is not None:
                say(f"Variable `{name}` is there already.")
                continue
            await client.create_variable(VariableCreate(name=name, value=value, tags=[TAG]))
            say(f"Variable `{name}` made as shipped; edit it in the UI, or delete it to follow new releases.")


def _offered() -> dict[str, Any]:
    categories = {"categories": DEFAULT_CATEGORIES.as_json()}
    return {operator_rules.VARIABLE: json.loads(load_rules().text), operator_categories.VARIABLE: categories}


async def _remove_former(client: PrefectClient, say: Callable[[str], None]) -> None:
    """Delete our deployments with former names and their triggers. Print their settings, so that nothing is lost."""
    for name in FORMER:
        try:
            found = await client.read_deployment_by_name(name)
        except ObjectNotFound:
            continue
        if TAG in found.tags:
            await client.delete_deployment(found.id)
            say(f"Deployment `{name}` has another name now and was removed. {_settings_of(found)}")


def _settings_of(deployment: DeploymentResponse) -> str:
    on = [str(one.schedule) for one in deployment.schedules if one.active]
    return f"Its parameters were {json.dumps(deployment.parameters)}, its schedules {', '.join(on) or 'switched off'}."


async def _make_pool(client: PrefectClient, pool_type: str) -> str:
    try:
        await client.create_work_pool(WorkPoolCreate(name=POOL, type=pool_type))
    except ObjectAlreadyExists:
        return f"Work pool `{POOL}` is there already."
    return f"Work pool `{POOL}` of type `{pool_type}` made."


async def _make_automation(client: PrefectClient, wanted: AutomationCore) -> str:
    found = await client.read_automations_by_name(wanted.name)
    if not found:
        await client.create_automation(wanted)
        return f"Automation `{wanted.name}` made."
    # Whoever switched it off in the UI has done so on purpose.
    await client.update_automation(found[0].id, wanted.model_copy(update={"enabled": found[0].enabled}))
    for doubled in found[1:]:
        await client.delete_automation(doubled.id)
    return f"Automation `{wanted.name}` brought up to date."
