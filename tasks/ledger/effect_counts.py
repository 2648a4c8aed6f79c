"""Counts of effects by state. Those of dry runs are not counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Engine, func, select

from tasks.ledger.engine import reading
from tasks.ledger.schema import effects


def count_effects(engine: Engine, *, since: float, until: float) -> Counter[str]:
    """How many effects entered each state in [`since`, `until`) (UTC seconds) and are still in it."""
    wanted = (
        select(effects.c.state, func.count())
        .where(effects.c.updated >= since, effects.c.updated < until, effects.c.dry_run.is_(False))
        .group_by(effects.c.state)
    )
    with reading(engine) as connection:
        return Counter({state: count for state, count in connection.execute(wanted)})


def count_effects_of(engine: Engine, run_ids: Sequence[str]) -> Counter[str]:
    """How many of the effects that these runs planned are in each state."""
    wanted = (
        select(effects.c.state, func.count())
        .where(effects.c.run_id.in_(run_ids), effects.c.dry_run.is_(False))
        .group_by(effects.c.state)
    )
    with reading(engine) as connection:
        return Counter({state: count for state, count in connection.execute(wanted)})


def count_held(engine: Engine) -> int:
    """How many effects wait for a person."""
    wanted = select(func.count()).where(effects.c.state == "held", effects.c.dry_run.is_(False))
    with reading(engine) as connection:
        return connection.scalar(wanted) or 0
