"""A circuit is shared by all processes of a ledger: it opens for all, and one call of all of them probes it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks import policies
from tasks.errors import CircuitOpen
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.engine import open_ledger
from tests.services.ledgers import circuits

SHARER = Path(__file__).with_name("sharer.py")
ROOT = Path(__file__).resolve().parents[3]
DUE_AT_ONCE = replace(policies.CALL, breaker_open_s=0.0, breaker_probe_s=600.0)


async def fail(breakers: LedgerBreakers, times: int = 5) -> None:
    for _ in range(times):
        await breakers.failed("openai", probe=False)


def share(url: str, *arguments: object, processes: int) -> list:
    command = [sys.executable, str(SHARER), url, *map(str, arguments)]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE) for _ in range(processes)]
    return [json.loads(process.communicate(timeout=60)[0]) for process in running]


def test_one_probe_goes_out_of_all_calls_of_all_processes(any_ledger_url):
    asyncio.run(fail(LedgerBreakers(open_ledger(any_ledger_url), DUE_AT_ONCE)))
    assert sum(share(any_ledger_url, "probes", 20, processes=2)) == 1
    assert circuits(open_ledger(any_ledger_url)) == {"openai": "half_open"}


def test_what_one_process_opens_is_open_for_the_others(any_ledger_url):
    engine = open_ledger(any_ledger_url)

    async def story():
        one, other = LedgerBreakers(engine, policies.CALL), LedgerBreakers(engine, policies.CALL)
        await fail(one, 4)
        assert await other.admit("openai") is False
        await fail(one, 1)
        fresh = LedgerBreakers(engine, policies.CALL)
        with pytest.raises(CircuitOpen) as caught:
            await fresh.admit("openai")
        assert 55 < caught.value.retry_after_s <= 60
        with pytest.raises(CircuitOpen):
            fresh.check("openai")
        assert await fresh.admit("anthropic") is False

    asyncio.run(story())


def test_a_success_between_failures_keeps_the_circuit_closed(ledger_url):
    engine = open_ledger(ledger_url)

    async def story():
        breakers = LedgerBreakers(engine, policies.CALL)
        for _ in range(3):
            await fail(breakers, 4)
            await breakers.succeeded("openai", probe=False)

    asyncio.run(story())
    assert circuits(engine) == {}


def test_when_the_prober_dies_another_call_probes(any_ledger_url):
    engine = open_ledger(any_ledger_url)
    short = replace(DUE_AT_ONCE, breaker_probe_s=0.0)

    async def story():
        await fail(LedgerBreakers(engine, short))
        assert await LedgerBreakers(engine, short).admit("openai")  # and is never heard of again
        assert await LedgerBreakers(engine, DUE_AT_ONCE).admit("openai")
        with pytest.raises(CircuitOpen):
            await LedgerBreakers(engine, DUE_AT_ONCE).admit("openai")

    asyncio.run(story())


def test_a_failure_that_began_before_the_circuit_opened_does_not_end_the_probe(ledger_url):
    engine, changes = open_ledger(ledger_url), []

    async def story():
        breakers = LedgerBreakers(engine, DUE_AT_ONCE, on_change=lambda *change: changes.append(change))
        await fail(breakers)
        assert await breakers.admit("openai")
        await fail(breakers, 9)
        await breakers.succeeded("openai", probe=True)

    asyncio.run(story())
    assert changes == [("openai", "open"), ("openai", "half_open"), ("openai", "closed")]
    assert circuits(engine) == {"openai": "closed"}


def test_a_closed_circuit_is_looked_up_once_a_second_at_most(ledger_url):
    now = 0.0
    breakers = LedgerBreakers(open_ledger(ledger_url), policies.CALL, clock=lambda: now)
    looks = 0
    write = breakers._writer.write

    async def counted(kind, row):
        nonlocal looks
        looks += 1
        return await write(kind, row)

    breakers._writer.write = counted

    async def story():
        nonlocal now
        for tenth in range(30):
            now = tenth / 10
            await asyncio.gather(*(breakers.admit("openai") for _ in range(20)))

    try:
        asyncio.run(story())
    finally:
        breakers._writer.write = write
    assert looks == 3
