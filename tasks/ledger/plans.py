"""What is to be done about a mail, written into the outbox before anything is (`tasks.ledger.effects` does the rest)."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, Insert, and_, or_
from sqlalchemy.dialects import postgresql, sqlite

from tasks.ledger.rows import write_rows
from tasks.ledger.schema import effects


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An effect to be, as its rule and its mail determine it; `content` is all that will be sent or shown."""

    message_key: str
    position: int
    action: str
    parameters: Mapping[str, Any]
    rule: str
    target: str
    content: Mapping[str, Any] = field(default_factory=dict)
    state: Literal["planned", "held", "skipped"] = "planned"
    detail: str = ""
    dry_run: bool = False

    @cached_property
    def effect_id(self) -> str:
        """Follows from the mail and the action alone: the same again, and it is the same effect."""
        return digest([self.message_key, self.action, dict(self.parameters)])


def digest(value: Any) -> str:
    """SHA-256, hex, of a JSON value, however its keys are ordered."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def record_plan(engine: Engine, run_id: str, plans: Sequence[Plan]) -> None:
    """Write down what is to be done; what the outbox already holds stays as it is.

    Only what surely was not done is planned anew: a dry run's effects, failed ones and ones that could not be done.
    """
    if not plans:
        return
    now = time.time()
    rows = [_row(run_id, plan, now) for plan in plans]
    with engine.begin() as connection:
        write_rows(connection, _planned_anew(connection.dialect.name), rows)


@cache
def _planned_anew(dialect: str) -> Insert:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(effects)
    planned: Insert = insert.on_conflict_do_update(
        index_elements=[effects.c.effect_id],
        set_={name: insert.excluded[name] for name in _PLANNED_COLUMNS},
        where=_surely_not_done(),
    )
    return planned


def _surely_not_done() -> ColumnElement[bool]:
    # No IN: its parameters can't be expanded where many rows go in at once.
    state = effects.c.state
    untouched = and_(effects.c.dry_run, or_(state == "planned", state == "held"))
    return or_(untouched, state == "failed", state == "skipped")


_PLANNED_COLUMNS = (
    "run_id", "position", "rule", "target", "content", "content_hash", "state", "needs_approval", "dry_run", "detail",
    "attempts", "looks", "begun", "updated",
)  # fmt: skip


def _row(run_id: str, plan: Plan, now: float) -> dict[str, Any]:
    return {
        "effect_id": plan.effect_id, "message_key": plan.message_key, "run_id": run_id, "position": plan.position,
        "action": plan.action, "parameters": dict(plan.parameters), "rule": plan.rule, "target": plan.target,
        "content": dict(plan.content), "content_hash": digest(dict(plan.content)), "state": plan.state,
        "needs_approval": plan.state == "held", "dry_run": plan.dry_run, "detail": plan.detail, "fence": 0, "owner": "",
        "lease_until": 0.0, "attempts": 0, "looks": 0, "begun": False, "planned_at": now, "updated": now,
    }  # fmt: skip
