"""The outbox: the effects (actions on mails), recorded before and after they are performed.

    planned ──▶ claimed ──▶ done | failed | ambiguous
    held ──▶ planned | rejected          (by a person, `tasks.ledger.approvals`)
    held or planned ──▶ superseded       (by the reply to a later mail of its conversation)
    skipped                              (cannot be done to this mail, or need not be any more)

Every function is one transaction. A claim raises the effect's fence, and only the claim with that fence may settle it.
An effect that a dead process left `claimed` is not simply repeated: `tasks.act.reconcile` first looks whether it
happened.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, bindparam, or_, select, update

from tasks.ledger.clocks import database_time, ledger_time
from tasks.ledger.engine import reading
from tasks.ledger.owners import is_gone
from tasks.ledger.plans import Plan, digest
from tasks.ledger.rows import KEYS_A_STATEMENT, in_batches
from tasks.ledger.schema import approvals, effects

State = Literal["planned", "held", "claimed", "done", "failed", "ambiguous", "rejected", "skipped", "superseded"]
Settled = Literal["planned", "held", "done", "failed", "ambiguous", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A row of the outbox."""

    effect_id: str
    message_key: str
    run_id: str
    position: int
    action: str
    parameters: dict[str, Any]
    rule: str
    target: str
    content: dict[str, Any]
    content_hash: str
    state: State
    needs_approval: bool
    dry_run: bool
    detail: str
    fence: int
    owner: str
    lease_until: float
    attempts: int
    looks: int
    begun: bool
    """Whether it may have happened. It is set before anything is sent, so false means that certainly nothing was."""
    planned_at: float
    updated: float


def of_mails(engine: Engine, keys: Iterable[str]) -> dict[str, list[Effect]]:
    """The effects of each of these mails, in the order in which they are performed."""
    found: dict[str, list[Effect]] = {}
    for some in in_batches(keys):
        wanted = select(effects).where(effects.c.message_key.in_(some))
        with reading(engine) as connection:
            rows = connection.execute(wanted.order_by(effects.c.position, effects.c.effect_id)).all()
        for row in rows:
            found.setdefault(row.message_key, []).append(_effect(row))
    return found


def in_state(
    engine: Engine, states: Sequence[State], *, dry_runs: bool = False, untouched_s: float = 0, most: int = 1_000
) -> list[Effect]:
    """Up to `most` effects in one of these states, unchanged for `untouched_s` seconds, oldest first.

    Those of dry runs are left out unless `dry_runs` is set.
    """
    untouched_since = ledger_time(engine) - untouched_s
    wanted = select(effects).where(effects.c.state.in_(states), effects.c.updated <= untouched_since)
    if not dry_runs:
        wanted = wanted.where(effects.c.dry_run.is_(False))
    wanted = wanted.order_by(effects.c.planned_at, effects.c.message_key, effects.c.position).limit(most)
    with reading(engine) as connection:
        return [_effect(row) for row in connection.execute(wanted)]


def by_ids(engine: Engine, effect_ids: Iterable[str]) -> list[Effect]:
    """The effects with these ids, each mail's in the order in which they are performed."""
    found: list[Effect] = []
    for some in in_batches(effect_ids):
        wanted = select(effects).where(effects.c.effect_id.in_(some))
        with reading(engine) as connection:
            found += map(_effect, connection.execute(wanted))
    return sorted(found, key=lambda one: (one.message_key, one.position))


def fates_of(engine: Engine, effect_ids: Iterable[str]) -> list[Row[Any]]:
    """The columns of these effects that outcomes show (all but the content), ordered by mail and position."""
    found: list[Row[Any]] = []
    for some in in_batches(effect_ids):
        with reading(engine) as connection:
            found += connection.execute(_FATES, {"ids": some}).all()
    return sorted(found, key=itemgetter(1, 2))  # message_key, position; access by name takes longer than the query


def effect_in_outcome(effect: Plan | Effect | Row[Any]) -> dict[str, Any]:
    """An effect in the form in which outcomes list it."""
    state = "dry run" if effect.dry_run and effect.state == "planned" else effect.state
    told = {name: getattr(effect, name) for name in ("effect_id", "action", "target", "detail", "rule")}
    return told | {"state": state}


_FATE = ("effect_id", "message_key", "position", "action", "target", "state", "detail", "rule", "dry_run")
_FATES = select(*(effects.c[name] for name in _FATE)).where(effects.c.effect_id.in_(bindparam("ids", expanding=True)))


def claim_effect(engine: Engine, effect_id: str, *, owner: str, lease_s: float) -> Effect | None:
    """Claim the effect and return it; null when it isn't planned (any more) or lacks the approval it needs.

    A dry run's effect can't be claimed until a person has approved it. If the content differs from what was planned or
    approved, the effect is held for a person instead.
    """
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        row = connection.execute(
            update(effects)
            .where(
                effects.c.effect_id == effect_id,
                effects.c.state == "planned",
                or_(effects.c.needs_approval.is_(False), _is_approved()),
                or_(effects.c.dry_run.is_(False), _is_approved()),
            )
            .values(state="claimed", owner=owner, lease_until=now + lease_s, fence=effects.c.fence + 1,
                    attempts=effects.c.attempts + 1, begun=False, updated=now)
            .returning(*effects.c)
        ).one_or_none()  # fmt: skip
        if row is None:
            return None
        effect = _effect(row)
        if digest(effect.content) == effect.content_hash:
            return effect
        _settle(
            connection, effect, "held", "its content is not what was planned or approved: somebody changed it since"
        )
        return None


def take_over(engine: Engine, effect: Effect, *, owner: str, lease_s: float) -> Effect | None:
    """Claim an effect that is ambiguous, or whose holder is gone, and return it; null if another process was first."""
    with engine.begin() as connection:
        now = database_time(connection, time.time)
        row = connection.execute(
            update(effects)
            .where(
                effects.c.effect_id == effect.effect_id,
                effects.c.fence == effect.fence,
                effects.c.state.in_(("claimed", "ambiguous")),
            )
            .values(state="claimed", owner=owner, lease_until=now + lease_s, fence=effects.c.fence + 1,
                    looks=effects.c.looks + 1, updated=now)
            .returning(*effects.c)
        ).one_or_none()  # fmt: skip
    return _effect(row) if row else None


def settle_effect(engine: Engine, effect: Effect, state: Settled, detail: str) -> bool:
    """Set the effect's state if this claim is still valid; return whether it was. A newer claim is left untouched."""
    with engine.begin() as connection:
        return _settle(connection, effect, state, detail)


def _settle(connection: Connection, effect: Effect, state: Settled, detail: str) -> bool:
    values: dict[str, Any] = {"state": state, "detail": detail[:1_000], "owner": "", "lease_until": 0.0}
    if state == "held":  # a person is asked again, so earlier approvals are void
        content = {**effect.content, "warning": detail}
        values |= {"needs_approval": True, "content": content, "content_hash": digest(content)}
    return _update_ours(connection, effect, values)


def mark_begun(engine: Engine, effect: Effect) -> bool:
    """Record that the effect may have happened from now on. False means that the claim is lost: nothing may be done."""
    with engine.begin() as connection:
        return _update_ours(connection, effect, {"begun": True})


def _update_ours(connection: Connection, effect: Effect, values: dict[str, Any]) -> bool:
    """Write these values to the effect's row if this claim is still valid; return whether it was."""
    ours = and_(effects.c.effect_id == effect.effect_id, effects.c.state == "claimed", effects.c.fence == effect.fence)
    now = database_time(connection, time.time)
    return connection.execute(update(effects).where(ours).values(**values, updated=now)).rowcount == 1


def is_abandoned(engine: Engine, effect: Effect) -> bool:
    """Whether the effect is claimed, and its holder is dead or its lease has ended."""
    return effect.state == "claimed" and (effect.lease_until < ledger_time(engine) or is_gone(effect.owner))


def forget_contents(engine: Engine, *, older_s: float) -> int:
    """Delete the content of effects that were finished more than `older_s` seconds ago, and return their number.

    Their action, target, rule and detail are kept.
    """
    finished = effects.c.state.in_(("done", "failed", "rejected", "skipped", "superseded"))
    old = and_(finished, effects.c.updated < ledger_time(engine) - older_s, effects.c.content_hash != _FORGOTTEN)
    forgotten = 0
    while True:
        with engine.begin() as connection:
            ids = connection.scalars(select(effects.c.effect_id).where(old).limit(KEYS_A_STATEMENT)).all()
            wanted = update(effects).where(effects.c.effect_id.in_(ids))
            connection.execute(wanted.values(content={}, content_hash=_FORGOTTEN))
        forgotten += len(ids)
        if len(ids) < KEYS_A_STATEMENT:
            return forgotten


_FORGOTTEN = "forgotten"


def _is_approved() -> ColumnElement[bool]:
    return (
        select(approvals.c.number)
        .where(
            approvals.c.effect_id == effects.c.effect_id,
            approvals.c.verdict.in_(("approved", "edited")),
            approvals.c.given_hash == effects.c.content_hash,
        )
        .exists()
    )


def _effect(row: Row[Any]) -> Effect:
    return Effect(**row._asdict())


def lock_effect(connection: Connection, effect_id: str) -> Effect | None:
    """The effect, its row locked until the connection's transaction ends; null where there is none."""
    wanted = select(effects).where(effects.c.effect_id == effect_id).with_for_update()
    row = connection.execute(wanted).one_or_none()
    return _effect(row) if row else None
