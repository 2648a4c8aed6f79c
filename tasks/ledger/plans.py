"""Records planned effects in the outbox before they are performed (`tasks.ledger.effects` has their later states)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, Engine, Insert, String, and_, literal_column, or_

from tasks.ledger.clocks import ledger_time
from tasks.ledger.engine import to_json
from tasks.ledger.rows import insert_into, write_rows
from tasks.ledger.schema import effects


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A planned effect, as its rule and its mail determine it. `content` is everything that will be sent or shown."""

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
        """The effect's id. It depends on the mail and the action only, so that the same plan gives the same effect."""
        return digest([self.message_key, self.action, self.parameters])


def digest(value: object) -> str:
    """SHA-256, hex, of a JSON value. The order of its keys does not matter."""
    return _sha256(_in_order(value))


def _in_order(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def record_plan(engine: Engine, run_id: str, plans: Sequence[Plan]) -> bool:
    """Record these plans in the outbox and return whether all of them are now recorded as given.

    An effect that is in the outbox already is replaced only if it certainly was not performed: it is a dry run's, it
    failed, or it could not be performed. Others stay as they are, and the result is false.
    """
    now = ledger_time(engine)
    # Two rules may give the same effect and differ only in whether it needs approval: the first rule counts.
    rows = list({plan.effect_id: _row(run_id, plan, now) for plan in reversed(plans)}.values())
    if not rows:
        return True
    with engine.begin() as connection:
        written = write_rows(connection, _planned_anew(connection.dialect.name), rows)
    return written == len(plans)


@cache
def _planned_anew(dialect: str) -> Insert:
    insert = insert_into(effects, dialect)
    planned: Insert = insert.on_conflict_do_update(
        index_elements=[effects.c.effect_id],
        set_={name: insert.excluded[name] for name in _PLANNED_COLUMNS},
        where=_surely_not_done(),
    )
    return planned


def _surely_not_done() -> ColumnElement[bool]:
    untouched = and_(effects.c.dry_run, or_(_is("planned"), _is("held")))
    return or_(untouched, _is("failed"), _is("skipped"))


def _is(state: str) -> ColumnElement[bool]:
    return effects.c.state == literal_column(f"'{state}'", String)


_PLANNED_COLUMNS = (
    "run_id", "position", "rule", "target", "content", "content_hash", "state", "needs_approval", "dry_run", "detail",
    "attempts", "looks", "begun", "updated",
)  # fmt: skip


def _row(run_id: str, plan: Plan, now: float) -> dict[str, Any]:
    content = _in_order(plan.content)
    return {
        "effect_id": plan.effect_id, "message_key": plan.message_key, "run_id": run_id, "position": plan.position,
        "action": plan.action, "parameters": to_json(plan.parameters), "rule": plan.rule, "target": plan.target,
        "content": content, "content_hash": _sha256(content), "state": plan.state,
        "needs_approval": plan.state == "held", "dry_run": plan.dry_run, "detail": plan.detail, "fence": 0, "owner": "",
        "lease_until": 0.0, "attempts": 0, "looks": 0, "begun": False, "planned_at": now, "updated": now,
    }  # fmt: skip
