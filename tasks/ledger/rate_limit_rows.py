"""Rate limits as rows that hold the times at which the next request and the next token may be sent (GCRA).

A model's requests and tokens are in one row and are reserved together. Source: ITU-T I.371, the generic cell rate
algorithm in its virtual scheduling form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from tasks.ledger.clocks import database_time
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import paces

_SLOWEST = 0.1
"""No model is slowed down below this part of its limit."""
_SAME_EVENT_S = 2.0
"""All calls in flight get a rate-limit error at once; those within this time count as one."""
_GROWS_BACK_S = 60.0
_FARTHEST_S = 600.0
"""No reservation is further ahead than this; a row that is comes from a clock that was set back."""
_PROBE_EVERY_S = 600.0
"""During a wait that is longer than this, one request is sent at this interval: limits are often lifted early."""
_CREDIT_S = 1.0
"""Tokens that are returned late can be used again for this long."""


@dataclass(frozen=True, kw_only=True)
class RateRequest:
    """Asks for a block of requests and tokens. `..._unused` are those of the last block that were not handed out."""

    provider: str
    model: str
    clock: Callable[[], float]
    rpm: float
    tpm: float
    requests: int
    tokens: float
    requests_unused: int = 0
    tokens_unused: float = 0.0
    requests_owed: float = 0.0
    tokens_owed: float = 0.0
    """Tokens that calls used beyond their reservations; negative if they used less."""


@dataclass(frozen=True, kw_only=True)
class SlowDown:
    """The provider reported that this model is asked too fast, or that calls must wait for `hold_s`."""

    provider: str
    model: str
    clock: Callable[[], float]
    hold_s: float = 0.0
    too_fast: bool = False


@dataclass(frozen=True, kw_only=True)
class WaitOver:
    """The model answered a request that was let through its wait."""

    provider: str
    model: str
    clock: Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class RateGrant:
    """When the block's first request and token may be sent, and their spacing in seconds. Times are the database's."""

    now: float
    requests_from: float
    tokens_from: float
    request_s: float
    token_s: float
    probe: bool = False
    """Whether it is for one request through a wait that is not over."""


def write(connection: Connection, requests: list[Any]) -> list[Any]:
    """A RateGrant for each RateRequest and null for the others, in order. A handler of the ledger's writer."""
    now = database_time(connection, requests[0].clock)
    rows = _lock_rows(connection, requests, now)
    before = {place: dict(row) for place, row in rows.items()}
    answers = [_answer(rows, request, now) for request in requests]
    changed = [{"b_provider": p, "b_model": m, **row} for (p, m), row in rows.items() if row != before[p, m]]
    if changed:
        connection.execute(_UPDATE, changed)
    return answers


_UPDATE = update(paces).where(paces.c.provider == bindparam("b_provider"), paces.c.model == bindparam("b_model"))
_LOCKED = (
    select(paces)
    .where(paces.c.provider.in_(bindparam("providers", expanding=True)))
    .order_by(paces.c.provider, paces.c.model)
    .with_for_update()
)


def _lock_rows(connection: Connection, requests: Sequence[Any], now: float) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of these providers, locked until the commit; missing rows of requested models are added."""
    rows = _locked(connection, requests)
    missing = {(request.provider, request.model): request for request in requests if isinstance(request, RateRequest)}
    new = [_new_row(place, request, rows, now) for place, request in sorted(missing.items()) if place not in rows]
    if new:
        connection.execute(insert_into(paces, connection.dialect.name).on_conflict_do_nothing(), new)
        rows = _locked(connection, requests)  # another process may have added them first
    return rows


def _locked(connection: Connection, requests: Sequence[Any]) -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for row in connection.execute(_LOCKED, {"providers": list({request.provider for request in requests})}).all():
        values = row._asdict()
        found[values.pop("provider"), values.pop("model")] = values
    return found


def _new_row(
    place: tuple[str, str], request: RateRequest, rows: Mapping[tuple[str, str], dict[str, Any]], now: float
) -> dict[str, Any]:
    provider, model = place
    return {
        "provider": provider, "model": model, "rpm": request.rpm, "tpm": request.tpm, "requests_free_at": now,
        "tokens_free_at": now, "slowed_to": 1.0, "slowed_at": now, "held_until": 0.0, "probe_at": 0.0,
    }  # fmt: skip


def _answer(
    rows: dict[tuple[str, str], dict[str, Any]], request: RateRequest | SlowDown | WaitOver, now: float
) -> RateGrant | None:
    if isinstance(request, RateRequest):
        row = rows[request.provider, request.model]
        return _probe(row, now) if now < row["held_until"] and 0 < row["probe_at"] <= now else _grant(row, request, now)
    if isinstance(request, SlowDown):
        _slow(rows, request, now)
    elif (request.provider, request.model) in rows:
        end_wait(rows[request.provider, request.model], now)
    return None


def _probe(row: dict[str, Any], now: float) -> RateGrant:
    """Room for one request, and for no other before the wait is over."""
    row["probe_at"] = now + _PROBE_EVERY_S
    left_s = row["held_until"] - now
    return RateGrant(now=now, requests_from=now, tokens_from=now, request_s=left_s, token_s=0.0, probe=True)


def end_wait(row: dict[str, Any], now: float) -> None:
    """Let the model be asked from now on, as if it had said nothing."""
    row.update(held_until=0.0, probe_at=0.0, requests_free_at=now, tokens_free_at=now)


def _grant(row: dict[str, Any], request: RateRequest, now: float) -> RateGrant:
    part = _part(row, now)
    request_s, token_s = 60.0 / (request.rpm * part), 60.0 / (request.tpm * part)
    earliest = max(now, row["held_until"])
    requests_from = max(earliest, _near(row["requests_free_at"], now) - request.requests_unused * request_s)
    tokens_from = max(earliest, _near(row["tokens_free_at"], now) - request.tokens_unused * token_s)
    requests_from += request.requests_owed * request_s
    tokens_from += max(-_CREDIT_S, request.tokens_owed * token_s)
    row["requests_free_at"] = requests_from + request.requests * request_s
    row["tokens_free_at"] = tokens_from + request.tokens * token_s
    row["rpm"], row["tpm"] = request.rpm, request.tpm
    return RateGrant(
        now=now, requests_from=requests_from, tokens_from=tokens_from, request_s=request_s, token_s=token_s
    )


def _near(free_at: float, now: float) -> float:
    return min(free_at, now + _FARTHEST_S)


def _slow(rows: dict[tuple[str, str], dict[str, Any]], request: SlowDown, now: float) -> None:
    for (provider, model), row in rows.items():
        if (provider, model) == (request.provider, request.model) and request.hold_s:
            row["held_until"] = max(row["held_until"], now + request.hold_s)
            row["probe_at"] = now + _PROBE_EVERY_S if request.hold_s > _PROBE_EVERY_S else 0.0
        if (provider, model) == (request.provider, request.model) and request.too_fast:
            _slow_down(row, now)


def _slow_down(row: dict[str, Any], now: float) -> None:
    part = _part(row, now)
    if part == 1.0 or now - row["slowed_at"] >= _SAME_EVENT_S:
        row["slowed_to"], row["slowed_at"] = max(_SLOWEST, part / 2), now


def _part(row: dict[str, Any], now: float) -> float:
    """The part of the limit in force now: what it was slowed down to, plus what it has recovered since."""
    return float(min(1.0, row["slowed_to"] + max(0.0, now - row["slowed_at"]) / _GROWS_BACK_S))
