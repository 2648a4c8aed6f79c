"""Who is being left alone, for how long and why: waits that providers told, and open circuits; and how to end them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Engine, or_, select, update

from tasks.ledger.clocks import database_time
from tasks.ledger.engine import reading
from tasks.ledger.rate_limit_rows import end_wait
from tasks.ledger.schema import breakers, paces


@dataclass(frozen=True, kw_only=True)
class ToldWait:
    """One provider, or one model of it, that is not asked for so many seconds more, and why."""

    provider: str
    model: str
    """Empty where the whole provider is left alone."""
    left_s: float
    why: str


def waits_in(engine: Engine) -> list[ToldWait]:
    """All waits that are in force, the longest first."""
    with reading(engine) as connection:
        now = database_time(connection, time.time)
        held = connection.execute(select(paces).where(paces.c.held_until > now)).all()
        circuits = connection.execute(select(breakers).where(breakers.c.state != "closed")).all()
    found = [
        ToldWait(provider=row.provider, model=row.model, left_s=row.held_until - now, why="it said to wait")
        for row in held
    ]
    found += [
        ToldWait(
            provider=row.provider, model="", left_s=max(0.0, row.until - now), why=row.cause or "it failed repeatedly"
        )
        for row in circuits
    ]
    return sorted(found, key=lambda wait: wait.left_s, reverse=True)


def take_back(engine: Engine, provider: str) -> int:
    """How many waits of this provider were ended: it is asked again at once, and its circuit is closed.

    Processes that wait now look again within half a minute.
    """
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        of_it, held = paces.c.provider == provider, paces.c.held_until > now
        freed: dict[str, float] = {}
        end_wait(freed, now)
        models = connection.execute(update(paces).where(of_it, held).values(**freed)).rowcount
        opened = (breakers.c.provider == provider) & or_(breakers.c.state == "open", breakers.c.state == "half_open")
        closed = {"state": "closed", "until": 0.0, "changed_at": now, "cause": ""}
        return models + connection.execute(update(breakers).where(opened).values(**closed)).rowcount
