"""Gauges: the current state of the ledger's rows and the inbox's files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Connection, and_, case, func, or_, select

from tasks.ledger.schema import breakers, effects, messages
from tasks.mailbox.inbox import list_files

_BREAKER_STATES = ("closed", "open", "half_open")


def at_work(connection: Connection, now: float) -> Iterator[GaugeMetricFamily]:
    """Mails in progress, and those that wait, with the age of the oldest one."""
    running = and_(messages.c.state == "PROCESSING", messages.c.lease_until >= now)
    abandoned = and_(messages.c.state == "PROCESSING", messages.c.lease_until < now)
    failed = and_(messages.c.state == "FAILED", messages.c.retry)
    state = case((running, "running"), (abandoned, "abandoned"), (failed, "to_retry"), else_="pending")
    wanted = (
        select(state, func.count(), func.min(messages.c.first_seen))
        .where(or_(messages.c.state.in_(("PENDING", "PROCESSING")), failed))
        .group_by(state)
    )
    found = {name: (number, oldest) for name, number, oldest in connection.execute(wanted)}
    active = GaugeMetricFamily("active_email_tasks", "Mails that a run is working on now.")
    active.add_metric([], found.get("running", (0, now))[0])
    yield active
    waiting = GaugeMetricFamily("email_queue_mails", "Mails on record that wait for a run.", labels=["state"])
    age = GaugeMetricFamily("email_queue_oldest_seconds", "Age of the oldest mail that waits.", labels=["state"])
    for name in ("pending", "to_retry", "abandoned"):
        number, oldest = found.get(name, (0, now))
        waiting.add_metric([name], number)
        age.add_metric([name], max(now - oldest, 0))
    yield waiting
    yield age


def in_the_inbox(folder: Path) -> Iterator[GaugeMetricFamily]:
    """Files that no run has read yet, with the age of the oldest one."""
    ages = []
    for path in list_files(folder):
        try:
            ages.append(time.time() - path.stat().st_mtime)
        except FileNotFoundError:  # a run has read and deleted it
            continue
    files = GaugeMetricFamily("email_inbox_files", "Received files that no run has read yet.")
    files.add_metric([], len(ages))
    oldest = GaugeMetricFamily("email_inbox_oldest_seconds", "Age of the oldest such file.")
    oldest.add_metric([], max(ages, default=0))
    yield files
    yield oldest


def of_effects(connection: Connection) -> Iterator[GaugeMetricFamily]:
    """Effects in the outbox by action and state."""
    family = GaugeMetricFamily("email_effects", "Effects in the outbox.", labels=["action", "state"])
    wanted = select(effects.c.action, effects.c.state, func.count()).group_by(effects.c.action, effects.c.state)
    for action, state, number in connection.execute(wanted):
        family.add_metric([action, state], number)
    yield family


def of_breakers(connection: Connection) -> Iterator[GaugeMetricFamily]:
    """Each provider's circuit: 1 for its current state."""
    family = GaugeMetricFamily("ai_breaker_state", "1 at the state of the circuit.", labels=["service", "state"])
    for provider, state in connection.execute(select(breakers.c.provider, breakers.c.state)):
        for name in _BREAKER_STATES:
            family.add_metric([provider, name], float(name == state))
    yield family
