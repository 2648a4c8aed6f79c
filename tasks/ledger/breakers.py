"""One circuit breaker for each provider, shared through the ledger.

It is closed, open after failures in a row, or half open for a probe. Each process counts failures for itself, but an
open circuit is open for all. One conditional UPDATE takes the probe, so a whole fleet sends one, and another if the
first is not heard of again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, and_, case, or_, select, update

from tasks.errors import CircuitOpen
from tasks.ledger.clocks import database_time
from tasks.ledger.completions import writer_of
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import breakers
from tasks.questions import CallPolicy

log = logging.getLogger("mailroom.breakers")

State = Literal["closed", "open", "half_open"]
OnChange = Callable[[str, State], None]
"""Called with the provider and its circuit's new state, in the process that changed it."""

_LOOK_EVERY_S = 1.0
_LONGEST_CAUSE = 300


@dataclass
class _Known:
    """What this process knows of a circuit; `until` is by its own clock."""

    state: State = "closed"
    until: float = 0.0
    failures: int = 0
    cause: str = ""
    looked_at: float = float("-inf")


@dataclass(frozen=True)
class _BreakerRequest:
    """What to do with a provider's circuit.

    `take` half-opens a circuit whose time is over. Otherwise `state`, where given, is the state to set. A request with
    neither only reads the circuit.
    """

    provider: str
    clock: Callable[[], float]
    state: State | None = None
    lasts_s: float = 0.0
    take: bool = False
    cause: str = ""


@dataclass(frozen=True)
class _CircuitNow:
    changed: bool
    state: State
    left_s: float
    cause: str = ""


class LedgerBreakers:
    """`tasks.questions.Breakers` over the ledger. There is one for each process, used on one event loop."""

    def __init__(
        self,
        engine: Engine,
        policy: CallPolicy,
        *,
        on_change: OnChange | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policy = policy
        self._on_change = on_change
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._writer = writer_of(engine)
        self._writer.learn({"breaker": _write})

    def check(self, provider: str) -> None:
        """Do nothing where the circuit is closed, as far as this process knows.

        Raises:
            CircuitOpen: The provider's circuit is open.
        """
        known = self._of(provider)
        if known.state != "closed" and self._clock() < known.until:
            raise _open(provider, known.until - self._clock(), known.cause)

    async def admit(self, provider: str) -> bool:
        """Return whether this call is the probe. Reads the ledger at most once a second while the circuit is closed.

        Raises:
            CircuitOpen: The circuit is open, or another call is the probe.
        """
        known = self._of(provider)
        if self._clock() - known.looked_at >= _LOOK_EVERY_S:
            known.looked_at = self._clock()
            await self._write(known, _BreakerRequest(provider, self._clock))
        if known.state == "closed":
            return False
        self.check(provider)
        seen = await self._write(
            known, _BreakerRequest(provider, self._clock, lasts_s=self._policy.breaker_probe_s, take=True)
        )
        if not seen.changed:
            if seen.state == "closed":
                return False
            raise _open(provider, min(_LOOK_EVERY_S, max(0.05, seen.left_s)), seen.cause)
        self._say(provider, "half_open", "one call probes it")
        return True

    async def succeeded(self, provider: str, *, probe: bool) -> None:
        """Record that the provider answered; a rate limit or a rejected request counts as an answer."""
        known = self._of(provider)
        known.failures = 0
        if probe:
            await self._write(known, _BreakerRequest(provider, self._clock, state="closed"))
            self._say(provider, "closed", "the probe was answered")

    async def failed(self, provider: str, *, probe: bool, cause: str = "") -> None:
        """Record that the provider could not be reached or failed; `cause` is the error's message."""
        known = self._of(provider)
        known.failures += 1
        due = known.state == "closed" and known.failures >= self._policy.breaker_failures
        if probe or due:
            known.failures = 0
            lasts_s = self._policy.breaker_open_s
            request = _BreakerRequest(
                provider, self._clock, state="open", lasts_s=lasts_s, cause=cause[:_LONGEST_CAUSE]
            )
            seen = await self._write(known, request)
            if seen.changed:
                why = "the probe failed" if probe else f"{self._policy.breaker_failures} failures in a row"
                self._say(provider, "open", f"{why}; left alone for {lasts_s:.0f} s. {seen.cause}".rstrip())

    def _of(self, provider: str) -> _Known:
        return self._known.setdefault(provider, _Known())

    async def _write(self, known: _Known, request: _BreakerRequest) -> _CircuitNow:
        seen: _CircuitNow = await self._writer.write("breaker", request)
        known.looked_at = self._clock()
        known.state, known.cause = seen.state, seen.cause
        # Another process's probe may end at any moment, so read the ledger again soon.
        left_s = seen.left_s if seen.state == "open" else min(seen.left_s, _LOOK_EVERY_S)
        known.until = self._clock() + left_s
        return seen

    def _say(self, provider: str, state: State, why: str) -> None:
        log.log(logging.INFO if state == "closed" else logging.WARNING, "circuit of %s is %s: %s", provider, state, why)
        if self._on_change is not None:
            self._on_change(provider, state)


def _open(provider: str, left_s: float, cause: str) -> CircuitOpen:
    return CircuitOpen(
        f"Provider `{provider}` failed several times in a row and is left alone for a while. {cause}".rstrip(),
        provider=provider,
        retry_after_s=max(0.0, left_s),
    )


def _write(connection: Connection, requests: list[Any]) -> list[Any]:
    """Carry out the requests in the order of their providers, so that rows are locked in the same order everywhere."""
    order = sorted(range(len(requests)), key=lambda place: requests[place].provider)
    answers = {place: _fulfil(connection, requests[place]) for place in order}
    return [answers[place] for place in range(len(requests))]


def _fulfil(connection: Connection, request: _BreakerRequest) -> _CircuitNow:
    now = database_time(connection, request.clock)
    changed = False
    if request.take:
        changed = _change(
            connection, request.provider, "half_open", now, now + request.lasts_s, breakers.c.until <= now
        )
    elif request.state == "open":
        new = {"provider": request.provider, "state": "closed", "until": now, "changed_at": now}
        connection.execute(insert_into(breakers, connection.dialect.name).values(new).on_conflict_do_nothing())
        # A call that began before the circuit opened, and fails after, does not keep it open for longer.
        fresh = or_(breakers.c.state != "open", breakers.c.until <= now)
        changed = _change(connection, request.provider, "open", now, now + request.lasts_s, fresh, cause=request.cause)
    elif request.state == "closed":
        changed = _change(connection, request.provider, "closed", now, now)
    row = connection.execute(select(breakers).where(breakers.c.provider == request.provider)).one_or_none()
    return (
        _CircuitNow(changed, row.state, max(0.0, row.until - now), row.cause)
        if row
        else _CircuitNow(changed, "closed", 0.0)
    )


def _change(
    connection: Connection, provider: str, state: State, now: float, until: float, *conditions: Any, cause: str = ""
) -> bool:
    conditions = (*conditions, breakers.c.state != "closed") if state == "half_open" else conditions
    # What opened it stays its cause until it is closed, whatever its probes meet.
    kept = case((breakers.c.cause == "", cause), else_=breakers.c.cause)
    result = connection.execute(
        update(breakers)
        .where(and_(breakers.c.provider == provider, *conditions))
        .values(state=state, until=until, changed_at=now, cause="" if state == "closed" else kept)
    )
    return bool(result.rowcount)
