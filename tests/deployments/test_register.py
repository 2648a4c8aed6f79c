"""What `prefect.yaml` relies on is made once, however often it is asked for."""

from __future__ import annotations

import asyncio

from deployments.local.prefect_env import OF_EVERY_CLIENT
from deployments.register import DEAD_RUNS, HEARTBEAT_S, POOL, SILENCE_S, offer_rules, register
from tasks.decide.operator_rules import VARIABLE


async def _found() -> tuple[int, str, str]:
    from prefect.client.orchestration import get_client

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
    assert "brought up to date" in said[-1]


async def _rules_without_variable() -> list[str]:
    from prefect.client.orchestration import get_client

    said: list[str] = []
    async with get_client() as client:
        before = await client.read_variable_by_name(VARIABLE)
        await offer_rules(said.append)
        await offer_rules(said.append)
        if before is None:  # other tests rely on there being none
            await client.delete_variable_by_name(VARIABLE)
    return said


def test_the_shipped_rules_are_offered_once_and_never_over_the_operators(prefect_server):
    assert "is there already" in asyncio.run(_rules_without_variable())[-1]


def test_silence_is_longer_than_several_signs_of_life():
    assert int(OF_EVERY_CLIENT["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) == HEARTBEAT_S
    assert SILENCE_S >= 3 * HEARTBEAT_S
