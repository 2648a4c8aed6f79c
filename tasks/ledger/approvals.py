"""What people decided about held effects: who, when, and about exactly which words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Engine, insert, update

from tasks.ledger.clocks import database_time
from tasks.ledger.effects import lock_effect
from tasks.ledger.plans import digest
from tasks.ledger.schema import approvals, effects

Verdict = Literal["approved", "edited", "rejected"]


def give_verdict(
    engine: Engine,
    effect_id: str,
    *,
    verdict: Verdict,
    shown_hash: str,
    person: str,
    flow_run_id: str,
    content: Mapping[str, Any] | None = None,
    target: str | None = None,
) -> bool:
    """Record a person's verdict on a held effect, and return whether it counts.

    It counts only while the effect is held and its content is the one the person was shown (`shown_hash`). An approved
    effect becomes `planned`, a rejected one `rejected`. `content` and `target`, where given, replace the effect's: the
    person edited the text or chose the recipient. An approval is valid for this content only.
    """
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        effect = lock_effect(connection, effect_id)
        if effect is None or effect.state != "held" or effect.content_hash != shown_hash:
            return False
        content = effect.content if content is None else dict(content)
        given = digest(content)
        connection.execute(
            insert(approvals).values(
                effect_id=effect_id, verdict=verdict, shown_hash=shown_hash,
                given_hash=None if verdict == "rejected" else given, person=person, flow_run_id=flow_run_id, at=now,
            )
        )  # fmt: skip
        connection.execute(
            update(effects)
            .where(effects.c.effect_id == effect_id)
            .values(
                state="rejected" if verdict == "rejected" else "planned", content=content, content_hash=given,
                target=effect.target if target is None else target,
                # An approval turns a dry run's effect into a real one.
                dry_run=effect.dry_run and verdict == "rejected", detail=f"{verdict} by {person}", updated=now,
            )
        )  # fmt: skip
    return True
