"""Money reserved and spent by run, day and month, over all processes that share a ledger. No cap is ever exceeded.

A process reserves money in blocks, hands it out call by call (`tasks.ledger.run_budget`), and records what was spent.
What a dead process had reserved is released.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from tasks.ledger.engine import reading
from tasks.ledger.owners import is_gone
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import NANO_USD, budgets, completions, holdings

LEASE_S = 600.0
"""A holding is renewed with every block and every bill, so a living process's is far younger."""

ALERT_AT = Decimal("0.8")

# A big block is only handed out while this many of them are left, so that one process does not starve the others.
_BLOCKS_LEFT = 8


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a cap applies to. `name` is its row; `cap` is in nano-dollars, null where spending is only counted."""

    name: str
    cap: int | None


@dataclass(frozen=True, kw_only=True)
class MoneyRequest:
    """Asks for `most` nano-dollars from all scopes at once, or for `least` where there is not plenty.

    `worst` is the highest price of the call that needs the money; `least` is `worst` less what its owner holds already.
    """

    owner: str
    scopes: tuple[Scope, ...]
    most: int
    least: int
    worst: int
    lease_s: float = LEASE_S


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What a call cost, and how much of the owner's reserved money it releases."""

    owner: str
    scopes: tuple[Scope, ...]
    spent: int
    given_back: int


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """Why nothing was granted. It is `hopeless` if it would not fit even when all reserved money was released."""

    scope: Scope
    left: int
    hopeless: bool


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A cap of which 80 % is spent. It is raised once, in the process whose bill reached it."""

    scope: str
    spent_usd: Decimal
    cap_usd: Decimal


def scopes_at(run_id: str, caps: Mapping[str, Decimal | None], now: datetime) -> tuple[Scope, ...]:
    """The scopes of a call made now (day, month, run), in the order in which their rows must be locked.

    `caps` are US dollars by "run", "day" and "month". Spending of day and month is counted even without a cap.
    """
    names = {"day": f"day:{now:%Y-%m-%d}", "month": f"month:{now:%Y-%m}", "run": f"run:{run_id}"}
    return tuple(
        Scope(name=names[kind], cap=None if (cap := caps.get(kind)) is None else int(cap * NANO_USD))
        for kind in sorted(names)
    )


def open_scopes(engine: Engine, scopes: Sequence[Scope]) -> None:
    """Make sure that each scope has a row. A new row begins with the sum of the calls that the ledger has for it."""
    with engine.begin() as connection:
        wanted = [scope.name for scope in scopes]
        known = set(connection.scalars(select(budgets.c.scope).where(budgets.c.scope.in_(wanted))))
        new = insert_into(budgets, engine.dialect.name).on_conflict_do_nothing()
        for name in wanted:
            if name not in known:
                row = {"scope": name, "reserved_nusd": 0, "spent_nusd": _spent_before(connection, name)}
                connection.execute(new, row)


def take(connection: Connection, rows: list[Any]) -> list[int | Shortage]:
    """The nano-dollars granted to each `MoneyRequest`, or its `Shortage`. A handler of the ledger's writer."""
    return [_take_one(connection, wanted) for wanted in rows]


def pay(connection: Connection, rows: list[Any]) -> list[list[Alert]]:
    """Record bills, those of one owner together, and return the alerts they raise. A handler of the ledger's writer."""
    together: dict[tuple[str, tuple[Scope, ...]], list[Bill]] = {}
    for bill in rows:
        together.setdefault((bill.owner, bill.scopes), []).append(bill)
    alerts: dict[int, list[Alert]] = {}
    for (owner, scopes), bills in together.items():
        spent = sum(bill.spent for bill in bills)
        back = sum(bill.spent + bill.given_back for bill in bills)
        alerts[id(bills[0])] = [
            alert for scope in scopes if (alert := _pay_scope(connection, owner, scope, spent, back)) is not None
        ]
    return [alerts.get(id(bill), []) for bill in rows]


def release_dead(connection: Connection) -> None:
    """Release the money of owners that died or have not renewed their holding within its lease.

    What such a process recorded as paid is in `spent`. A call in flight when it died may have been billed unnoticed.
    """
    now = time.time()
    gone = [row for row in connection.execute(select(holdings)) if row.lease_until < now or is_gone(row.owner)]
    for row in sorted(gone, key=lambda row: (row.scope, row.owner)):
        which = (holdings.c.owner == row.owner, holdings.c.scope == row.scope)
        if connection.execute(delete(holdings).where(*which)).rowcount:
            connection.execute(
                update(budgets)
                .where(budgets.c.scope == row.scope)
                .values(reserved_nusd=budgets.c.reserved_nusd - row.reserved_nusd)
            )


def unspent_usd(engine: Engine, scopes: Sequence[Scope]) -> dict[str, Decimal]:
    """US dollars left unspent in each capped scope, by its name. Part of them may be reserved."""
    caps = {scope.name: scope.cap for scope in scopes if scope.cap is not None}
    with reading(engine) as connection:
        spent = select(budgets.c.scope, budgets.c.spent_nusd).where(budgets.c.scope.in_(caps))
        used = {scope: spent_nusd for scope, spent_nusd in connection.execute(spent)}
    return {name: Decimal(cap - used.get(name, 0)) / NANO_USD for name, cap in caps.items()}


def _take_one(connection: Connection, wanted: MoneyRequest) -> int | Shortage:
    if _reserve(connection, wanted, wanted.most, room=wanted.most * _BLOCKS_LEFT):
        return wanted.most
    if _reserve(connection, wanted, wanted.least, room=wanted.least):
        return wanted.least
    release_dead(connection)
    if _reserve(connection, wanted, wanted.least, room=wanted.least):
        return wanted.least
    return _shortage(connection, wanted)


def _reserve(connection: Connection, wanted: MoneyRequest, amount: int, *, room: int) -> bool:
    """Reserve the amount in all scopes, or in none where one of them has no room for `room`; return whether it was."""
    attempt = connection.begin_nested()
    for scope in wanted.scopes:
        statement = (
            update(budgets).where(budgets.c.scope == scope.name).values(reserved_nusd=budgets.c.reserved_nusd + amount)
        )
        if scope.cap is not None:
            statement = statement.where(budgets.c.reserved_nusd + budgets.c.spent_nusd + room <= scope.cap)
        if not connection.execute(statement).rowcount:
            attempt.rollback()
            return False
    attempt.commit()
    _hold(connection, wanted, amount)
    return True


def _hold(connection: Connection, wanted: MoneyRequest, amount: int) -> None:
    until = time.time() + wanted.lease_s
    rows = [
        {"owner": wanted.owner, "scope": scope.name, "reserved_nusd": amount, "lease_until": until}
        for scope in wanted.scopes
    ]
    new = insert_into(holdings, connection.dialect.name)
    more = {"reserved_nusd": holdings.c.reserved_nusd + new.excluded.reserved_nusd, "lease_until": until}
    connection.execute(new.on_conflict_do_update(index_elements=["owner", "scope"], set_=more), rows)


def _shortage(connection: Connection, wanted: MoneyRequest) -> Shortage:
    rows = connection.execute(select(budgets).where(budgets.c.scope.in_([scope.name for scope in wanted.scopes])))
    spent = {row.scope: row.spent_nusd for row in rows}
    capped = [scope for scope in wanted.scopes if scope.cap is not None]
    tightest = min(capped, key=lambda scope: (scope.cap or 0) - spent[scope.name])
    left = (tightest.cap or 0) - spent[tightest.name]
    return Shortage(scope=tightest, left=left, hopeless=left < wanted.worst)


_PAY = (
    update(budgets)
    .where(budgets.c.scope == bindparam("b_scope"))
    .values(
        reserved_nusd=budgets.c.reserved_nusd - bindparam("b_back"),
        spent_nusd=budgets.c.spent_nusd + bindparam("b_spent"),
    )
    .returning(budgets.c.spent_nusd)
)
_LET_GO = (
    update(holdings)
    .where(holdings.c.owner == bindparam("b_owner"), holdings.c.scope == bindparam("b_scope"))
    .values(reserved_nusd=holdings.c.reserved_nusd - bindparam("b_back"), lease_until=bindparam("b_until"))
)


def _pay_scope(connection: Connection, owner: str, scope: Scope, spent: int, back: int) -> Alert | None:
    lease = {"b_owner": owner, "b_scope": scope.name, "b_back": back, "b_until": time.time() + LEASE_S}
    if not connection.execute(_LET_GO, lease).rowcount:
        back = 0  # another process considered this one dead and has released it already
    paid = {"b_scope": scope.name, "b_spent": spent, "b_back": back}
    now_spent = int(connection.execute(_PAY, paid).scalar_one())
    threshold = None if scope.cap is None else int(scope.cap * ALERT_AT)
    if threshold is None or scope.cap is None or not now_spent - spent < threshold <= now_spent:
        return None
    return Alert(scope=scope.name, spent_usd=Decimal(now_spent) / NANO_USD, cap_usd=Decimal(scope.cap) / NANO_USD)


def _spent_before(connection: Connection, scope: str) -> int:
    kind, _, which = scope.partition(":")
    total = select(func.coalesce(func.sum(completions.c.price_nusd), 0))
    if kind == "run":
        return int(connection.scalar(total.where(completions.c.run_id == which)) or 0)
    begin = datetime.strptime(which, "%Y-%m-%d" if kind == "day" else "%Y-%m").replace(tzinfo=UTC)
    end = begin + timedelta(days=1 if kind == "day" else 32)
    end = end if kind == "day" else end.replace(day=1)
    ended = completions.c.ended_at
    return int(connection.scalar(total.where(ended >= begin.timestamp(), ended < end.timestamp())) or 0)
