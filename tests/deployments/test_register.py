"""What `prefect.yaml` relies on is created once, however often `mailroom register` runs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.variables import Variable

from deployments import alerts
from deployments.local.prefect_env import HEARTBEAT_S, SILENCE_S
from deployments.register import DEAD_RUNS, POOL, offer_variables, register
from tasks.categories import DEFAULT_CATEGORIES
from tasks.decide import operator_rules
from tasks.ledger.budgets import Alert
from tasks.understand.alerts import tell_of_budget, tell_of_circuit
from tasks.understand.operator_categories import VARIABLE, read_categories


async def _found() -> tuple[int, str, str]:
    async with get_client() as client:
        automations = await client.read_automations_by_name(DEAD_RUNS.name)
        pool = await client.read_work_pool(POOL)
        block = await client.read_block_type_by_slug("mailbox")
    return len(automations), pool.type, block.name


def test_registering_twice_makes_everything_once(prefect_server):
    said: list[str] = []
    for _ in range(2):
        asyncio.run(register(said.append))
    assert asyncio.run(_found()) == (1, "process", "Mailbox")
    assert "brought up to date" in said[-2]


async def _register_over(tags: list[str]) -> tuple[list[str], bool]:
    """What registering says when a deployment of a former name is there, and whether it still is afterwards."""
    said: list[str] = []
    async with get_client() as client:
        flow = await client.create_flow_from_name("process-mail")
        schedule = DeploymentScheduleCreate(schedule=CronSchedule(cron="7 * * * *"), active=True)
        made = await client.create_deployment(flow, "hourly", schedules=[schedule], parameters={"limit": 5}, tags=tags)
        await register(said.append)
        left = [one.id for one in await client.read_deployments()]
        if made in left:
            await client.delete_deployment(made)
    return [line for line in said if "process-mail/hourly" in line], made in left


def test_a_deployment_of_a_former_name_is_removed_and_what_it_was_set_to_is_said(prefect_server):
    said, left = asyncio.run(_register_over(["mailroom", "scheduled"]))
    assert not left
    assert len(said) == 1
    assert "7 * * * *" in said[0]
    assert '{"limit": 5}' in said[0]


def test_a_deployment_of_somebody_else_with_such_a_name_is_left_alone(prefect_server):
    assert asyncio.run(_register_over(["mine"])) == ([], True)


def test_what_ships_is_offered_once_and_never_over_the_operators(prefect_server):
    before = {name: Variable.get(name) for name in (operator_rules.VARIABLE, VARIABLE)}
    said: list[str] = []
    try:
        for _ in range(2):
            asyncio.run(offer_variables(said.append))
        assert all("is there already" in line for line in said[-2:])
        if before[VARIABLE] is None:
            assert read_categories() == DEFAULT_CATEGORIES
    finally:
        for name, value in before.items():  # other tests rely on there being none
            if value is None:
                Variable.unset(name)


def test_silence_is_longer_than_several_signs_of_life():
    assert SILENCE_S >= 3 * HEARTBEAT_S


@pytest.fixture
def without_alerts(prefect_server: str) -> Iterator[None]:
    """Nobody is told of anything, before the test and after it."""
    yield
    with get_client(sync_client=True) as client:
        block = client.read_block_document_by_name(alerts.BLOCK, "custom-webhook")
        client.delete_block_document(block.id)
        for automation in client.read_automations_by_name(alerts.automation(block).name):
            client.delete_automation(automation.id)


def told_within(seconds: float, http_sink: Any) -> list[str]:
    """The different words that came within this time, or as soon as there are two."""
    deadline, told = time.monotonic() + seconds, set[str]()
    while len(told) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
        told = {json.loads(body)["text"] for _, _, body in http_sink.posts}
    return sorted(told)


def test_people_are_told_of_money_and_providers_once_there_is_a_block_to_tell_them_by(without_alerts, http_sink):
    said: list[str] = []
    asyncio.run(register(said.append))
    assert f"no notification block `{alerts.BLOCK}`" in said[-1]

    text = {"text": "{{subject}} | {{body}}"}
    block = CustomWebhookNotificationBlock(name="x", url=http_sink.url, json_data=text, secrets={})
    block.save(alerts.BLOCK)
    asyncio.run(register(said.append))
    told: list[str] = []
    rounds = 0
    while len(told) < 2 and rounds < 20:
        rounds += 1
        # A server takes in a new automation within moments; of what happened before that it tells nobody.
        tell_of_budget(Alert(scope="day:2026-11-25", spent_usd=Decimal("8.1"), cap_usd=Decimal(10)))
        tell_of_circuit("openai", "closed")
        tell_of_circuit("openai", "open")
        told = told_within(5.0, http_sink)
    assert len(told) == 2, told
    assert len(http_sink.posts) <= 2 * rounds
    assert told[0].startswith("Mailroom: day:2026-11-25 | $8.1 of the budget of $10 for day:2026-11-25 is spent.")
    assert told[1].startswith("Mailroom: openai | Provider openai failed again and again")
